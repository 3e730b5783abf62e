import { expect, test } from 'vitest';
import { blockedCommand } from './blocked-commands.ts';

test.each([
  ['curl http://x', 'curl'],
  ['ls; wget x', 'wget'],
  ['true\nsudo id', 'sudo'],
  ['a | nc host 1', 'nc'],
  ['echo $(ssh host)', 'ssh'],
  ['echo "$(curl x)"', 'curl'],
  ['echo `curl x`', 'curl'],
  ['FOO=1 /usr/bin/curl x', 'curl'],
  ['timeout 5 curl x', 'curl'],
  ['bash -c "apt-get update"', 'apt-get'],
  ['( mount /dev/sda1 / )', 'mount'],
  ['npm install --global left-pad', 'npm install -g'],
  ['pip install --user x', 'pip install --user'],
  ['go test -exec=sh ./...', 'go test -exec'],
  ['if true; then su root; fi', 'su'],
])('%j is refused because of %s', (command, name) => {
  expect(blockedCommand(command)).toBe(name);
});

test.each(['npm install left-pad', 'go test ./...', 'echo "do not curl"', 'cat sudo.txt', 'pip install x'])(
  '%j may be asked for',
  (command) => {
    expect(blockedCommand(command)).toBeNull();
  },
);
