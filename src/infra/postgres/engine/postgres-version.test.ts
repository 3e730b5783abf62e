import { readFileSync } from 'node:fs';
import postgres from 'postgres';
import { expect, test } from 'vitest';

const VERSION = '3.4.9';

test('postgres.js is the version whose internals are mended', async () => {
  const path = new URL('../../../../node_modules/postgres/package.json', import.meta.url);
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
  expect(manifest).toMatchObject({ version: VERSION });
  const client = postgres({ host: '127.0.0.1', port: 1, max: 1 });
  const statement = client.unsafe('select 1');
  expect(statement).toMatchObject({
    state: null,
    reject: expect.any(Function),
    cancel: expect.any(Function),
  });
  await client.end({ timeout: 0 });
});
