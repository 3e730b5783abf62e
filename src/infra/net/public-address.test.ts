import { describe, expect, test } from 'vitest';
import { isPublicAddress, refusalOf } from './public-address.ts';

const REFUSED = [
  '10.0.0.1',
  '172.16.5.4',
  '192.168.1.1',
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '169.254.169.254',
  '100.64.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '192.0.2.1',
  '198.18.0.1',
  '203.0.113.9',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:10.0.0.1',
  '::ffff:8.8.8.8',
  '::10.0.0.1',
  '::ffff:0:10.0.0.1',
  '64:ff9b::a00:1',
  '64:ff9b:1::1',
  '2002:a00:1::',
  '2001::1',
  '2001:db8::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '100::1',
  '::127.0.0.1',
  '::7f00:1',
  '::8.8.8.8',
  '1000::1',
  '4000::1',
  '5f00::1',
  '2001:2::1',
  '2001:20::1',
  '2001:1ff::1',
  '2620:4f:8000::1',
  '3fff::1',
  '2606:4700::1111%eth0',
  '192.88.99.1',
  '192.31.196.1',
  '8.8.8',
  '134744072',
  '0x8.8.8.8',
  '8.8.8.8.',
  ' 8.8.8.8',
  '[2606:4700::1111]',
  'not an address',
  '',
];

describe('isPublicAddress', () => {
  test.each(REFUSED)('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450:4001::5e',
    '2001:200::1',
    '2620:0:ccc::2',
  ])('allows %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe('refusalOf', () => {
  test.each([
    'http://api.example.com/v1',
    'ftp://api.example.com/',
    'https://user:secret@api.example.com/v1',
    'https://127.0.0.1/v1',
    'https://2130706433/v1',
    'https://0x7f.1/v1',
    'https://0177.0.0.1/v1',
    'https://[::1]/v1',
    'https://[::ffff:169.254.169.254]/latest',
    'https://169.254.169.254/latest',
  ])('refuses %s', (url) => {
    expect(refusalOf(new URL(url))).not.toBeNull();
  });

  test('allows https with a host name or a public address', () => {
    expect(refusalOf(new URL('https://api.example.com/v1'))).toBeNull();
    expect(refusalOf(new URL('https://8.8.8.8:8443/v1'))).toBeNull();
  });
});
