import { expect, test } from 'vitest';
import { gitIdentity } from './git-identity.ts';

test.each([
  ['ada', 'ada@example.com', 'ada', 'ada@example.com'],
  ['Ada L.', '', 'Ada L', 'ada-l@users.noreply.crush.example'],
  ['日本', 'no address', '日本', 'user@users.noreply.crush.example'],
  ['a<b>\nc\u202e', 'a@b>\n', 'abc', 'abc@users.noreply.crush.example'],
  ['...', 'x@y', 'user', 'x@y'],
])('%j with %j commits as %s <%s>', (username, email, name, address) => {
  expect(gitIdentity({ username, email }, 'crush.example')).toEqual({ name, email: address });
});
