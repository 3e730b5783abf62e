import { expect, it } from 'vitest';
import { subdomainFault } from './subdomain.ts';

it.each(['a', 'my-shop', '0', `a${'b'.repeat(62)}`, 'a--b'])('%s is a subdomain', (label) => {
  expect(subdomainFault(label)).toBeNull();
});

it.each([
  '-a',
  'a-',
  'a.b',
  'a_b',
  'A',
  'xn--80ak6aa92e',
  'a'.repeat(64),
  'www',
  'api',
  '01a22e69-8bcb-7047-8ac1-8af9fc43d1b1-5173',
  '01a22e69-8bcb-7047-8ac1-8af9fc43d1b1',
])('%s is none', (label) => {
  expect(subdomainFault(label)).toMatch(/reserved|one label/);
});
