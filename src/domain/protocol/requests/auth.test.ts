import { describe, expect, it } from 'vitest';
import { EmailAddress, LoginRequest } from './auth.ts';

describe('an e-mail address', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    ['admin@localhost', 'admin@localhost'],
    [' Ada.L+x@Example.COM ', 'ada.l+x@example.com'],
    ['ada@bücher.example', 'ada@bücher.example'],
    ['ada@BU\u0308CHER.example', 'ada@b\u00fccher.example'],
    ['ада@почта.рф', 'ада@почта.рф'],
    ['用户@例子.公司', '用户@例子.公司'],
    ["o'brien@xn--bcher-kva.example", "o'brien@xn--bcher-kva.example"],
    ['a@mail-1.sub.example.org', 'a@mail-1.sub.example.org'],
  ])('is %j, kept as %j', (text, kept) => {
    expect(EmailAddress.parse(text)).toBe(kept);
    expect(LoginRequest.parse({ email: text, password: 'x' }).email).toBe(kept);
  });

  it.each([
    'ada',
    '@example.com',
    'ada@',
    'a@b@c',
    'a b@c.d',
    'a@b..c',
    'a@-b.c',
    'a@b-.c',
    'a@.b',
    'a@b.',
    '.a@b.c',
    'a.@b.c',
    'a..b@c.d',
    '<a>@b.c',
    'a\u0000@b.c',
    'a\u202e@b.c',
    'a@b c',
    'a@b\u200b.c',
    `${'a'.repeat(65)}@b.c`,
    `a@${'b'.repeat(260)}`,
  ])('is not %j', (text) => {
    expect(EmailAddress.safeParse(text).success).toBe(false);
  });
});
