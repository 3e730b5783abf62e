import { expect, test } from 'vitest';
import { fileHeaders } from './content-type.ts';

test.each([
  ['a.ts', 'text/plain; charset=utf-8', 'inline'],
  ['a.js', 'text/plain; charset=utf-8', 'inline'],
  ['a.PNG', 'image/png', 'inline'],
  ['a.json', 'application/json', 'inline'],
  ['a.html', 'text/html; charset=utf-8', 'attachment'],
  ['a.svg', 'image/svg+xml', 'attachment'],
  ['a.xhtml', 'application/octet-stream', 'attachment'],
  ['a.exe', 'application/octet-stream', 'attachment'],
  ['Makefile', 'application/octet-stream', 'attachment'],
  ['a.html ', 'application/octet-stream', 'attachment'],
])('%j is served as %s, %s', (name, type, disposition) => {
  const headers = fileHeaders(name);
  expect(headers['content-type']).toBe(type);
  expect(headers['content-disposition']).toMatch(new RegExp(`^${disposition}; `));
  expect(headers['content-security-policy']).toContain('sandbox');
});

test('a hostile name cannot leave its header', () => {
  const value = fileHeaders('a"\r\nX: y;\u202e\u00e9\ud800.txt')['content-disposition'];
  expect(value).toMatch(/^[\x20-\x7e]+$/);
  expect(value).toBe(
    `inline; filename="a\\"__X: y;_??.txt"; filename*=UTF-8''a%22__X%3A%20y%3B_%C3%A9%EF%BF%BD.txt`,
  );
});

test.each([
  ['100%41.txt', "inline; filename=100%41.txt; filename*=UTF-8''100%2541.txt"],
  ["it's (1)*.txt", `inline; filename="it's (1)*.txt"`],
  ['\ud800', 'attachment; filename="?"; filename*=UTF-8\'\'%EF%BF%BD'],
])('the name %j is written so that it is read again', (name, header) => {
  expect(fileHeaders(name)['content-disposition']).toBe(header);
});
