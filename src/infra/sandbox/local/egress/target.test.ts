import { describe, expect, test } from 'vitest';
import { createAllowlist } from './allowlist.ts';
import { parseTarget } from './target.ts';

const allowlist = createAllowlist([
  'allowed.com:443',
  '*.wild.org:8443',
  'both.net',
  'Bücher.example:443',
  '93.184.216.34:443',
  '[2606:4700::1111]:443',
]);

/** Why a CONNECT to this is refused, or null. */
function refusalOf(authority: string): string | null {
  const parsed = parseTarget(authority, null);
  return parsed.ok ? allowlist.refusalOf(parsed.target) : parsed.reason;
}

describe('the allowlist', () => {
  test.each([
    ['allowed.com:443', 'allowed.com'],
    ['ALLOWED.com:443', 'allowed.com'],
    ['allowed.com.:443', 'allowed.com'],
    ['a.wild.org:8443', 'a.wild.org'],
    ['a.b.wild.org:8443', 'a.b.wild.org'],
    ['both.net:80', 'both.net'],
    ['both.net:443', 'both.net'],
    ['xn--bcher-kva.example:443', 'xn--bcher-kva.example'],
    ['bücher.example:443', 'xn--bcher-kva.example'],
    ['93.184.216.34:443', '93.184.216.34'],
    ['[2606:4700:0::1111]:443', '2606:4700::1111'],
  ])('lets %s pass as %s', (authority, host) => {
    expect(parseTarget(authority, null)).toMatchObject({ ok: true, target: { host } });
    expect(refusalOf(authority)).toBeNull();
  });

  test.each([
    ['a NUL before the allowed name', 'evil.com\0.allowed.com:443'],
    ['a NUL after the allowed name', 'allowed.com\0.evil.com:443'],
    ['an escaped NUL', 'evil.com%00.allowed.com:443'],
    ['percent-encoding', 'allowed%2ecom:443'],
    ['a line break', 'allowed.com\r\n:443'],
    ['a tab', 'allow\ted.com:443'],
    ['a blank', ' allowed.com:443'],
    ['a soft hyphen', 'allowed\u00ad.com:443'],
    ['a zero-width space', 'allowed\u200b.com:443'],
    ['two trailing dots', 'allowed.com..:443'],
    ['a leading dot', '.allowed.com:443'],
    ['the allowed name in front', 'allowed.com.evil.com:443'],
    ['the allowed name behind, without a dot', 'notallowed.com:443'],
    ['a name below one without a wildcard', 'sub.allowed.com:443'],
    ['a homograph', 'аllowed.com:443'],
    ['the base of a wildcard', 'wild.org:8443'],
    ['a name that ends like a wildcard', 'evilwild.org:8443'],
    ['an empty name below a wildcard', '.wild.org:8443'],
    ['a star', '*.wild.org:8443'],
    ['another port', 'allowed.com:80'],
    ['another port below a wildcard', 'a.wild.org:443'],
    ['no port', 'allowed.com'],
    ['an empty port', 'allowed.com:'],
    ['port 0', 'allowed.com:0'],
    ['a port beyond the last', 'allowed.com:65979'],
    ['a port with a sign', 'allowed.com:+443'],
    ['two ports', 'allowed.com:443:443'],
    ['user information', 'user@allowed.com:443'],
    ['user information with a password', 'allowed.com:443@evil.com:443'],
    ['a path', 'evil.com/allowed.com:443'],
    ['a backslash', 'evil.com\\allowed.com:443'],
    ['a fragment', 'evil.com#allowed.com:443'],
    ['a query', 'evil.com?.allowed.com:443'],
    ['loopback', '127.0.0.1:443'],
    ['an address as one number', '2130706433:443'],
    ['a hexadecimal address', '0x7f.1:443'],
    ['an octal address', '0177.0.0.1:443'],
    ['an IPv6 address', '[::1]:443'],
    ['a mapped address', '[::ffff:93.184.216.34]:443'],
    ['an IPv6 address with a zone', '[fe80::1%25eth0]:443'],
    ['an IPv6 address without brackets', '2606:4700::1111:443'],
    ['a name in brackets', '[allowed.com]:443'],
    ['half a bracket', '[allowed.com:443'],
    ['nothing', ''],
    ['only a port', ':443'],
    ['a label of 64 letters', `${'a'.repeat(64)}.wild.org:8443`],
    ['a name of 300 letters', `${'a.'.repeat(150)}wild.org:8443`],
    ['a URL', 'http://allowed.com:443'],
  ])('refuses %s', (_title, authority) => {
    expect(refusalOf(authority)).not.toBeNull();
  });

  test.each([
    '*',
    '*.com',
    '*.*.com:443',
    '**.a.com',
    'a.*.com',
    'http://a.com',
    'a.com:99999',
    '',
    '*.10.0.0.1',
  ])('cannot be made with %j', (pattern) => {
    expect(() => createAllowlist([pattern])).toThrow(/sandbox\.network\.allow/);
  });
});

test('a preset stands for the registries of an ecosystem, and for nothing else', () => {
  const allowlist = createAllowlist(['npm', 'debian']);
  const refusalOf = (host: string, port: number) => allowlist.refusalOf({ host, port });
  expect(refusalOf('registry.npmjs.org', 443)).toBeNull();
  expect(refusalOf('deb.debian.org', 80)).toBeNull();
  for (const host of ['registry.npmjs.org', 'npm', 'pypi.org']) expect(refusalOf(host, 80)).not.toBeNull();
  expect(createAllowlist(['constructor:1']).refusalOf({ host: 'constructor', port: 1 })).toBeNull();
});
