import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isClearText, isSameServer, resolveTarget } from './credentials.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'crush-credentials-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

const admin = {
  server: 'http://127.0.0.1:9000',
  ws: 'ws://127.0.0.1:9001',
  email: 'admin@localhost',
  password: 'generated',
};
const store = (value: unknown) => writeFile(join(dataDir, 'local-admin.json'), JSON.stringify(value));
const resolve = (options: object, env: Record<string, string> = {}) =>
  resolveTarget({ dataDir, prompt: [], ...options }, { env }, null);

describe('the target', () => {
  it('is what the data directory names', async () => {
    await store(admin);
    const target = await resolve({});
    expect(target.server.origin).toBe('http://127.0.0.1:9000');
    expect(target.socket.href).toBe('ws://127.0.0.1:9001/ws');
    expect(target.login).toEqual({ email: 'admin@localhost', password: 'generated' });
  });

  it('keeps the stored address when another name of the loopback is given', async () => {
    await store(admin);
    const target = await resolve({ server: 'http://localhost:9000' });
    expect(target.server.origin).toBe('http://127.0.0.1:9000');
    expect(target.login.password).toBe('generated');
  });

  it.each(['http://127.0.0.1:9999', 'https://127.0.0.1:9000', 'http://127.0.0.1.example.com:9000'])(
    'does not hand the stored password to %s',
    async (server) => {
      await store(admin);
      await expect(resolve({ server })).rejects.toThrow('no credentials');
    },
  );

  it('does not use the stored password for another user', async () => {
    await store(admin);
    await expect(resolve({ email: 'me@example.com' })).rejects.toThrow('set CRUSH_PASSWORD');
    const target = await resolve({ email: 'me@example.com' }, { CRUSH_PASSWORD: 'mine' });
    expect(target.login).toEqual({ email: 'me@example.com', password: 'mine' });
  });

  it('is port 8080 of this machine when nothing is known', async () => {
    const target = await resolve({ email: 'a@b' }, { CRUSH_PASSWORD: 'x' });
    expect([target.server.origin, target.socket.href]).toEqual([
      'http://127.0.0.1:8080',
      'ws://127.0.0.1:8080/ws',
    ]);
  });

  it('names the file when it is damaged', async () => {
    await store({ server: 1 });
    await expect(resolve({})).rejects.toThrow(/local-admin\.json is damaged/);
  });
});

describe('addresses', () => {
  it('are the same only with the same scheme, port and path', () => {
    const same = (a: string, b: string) => isSameServer(new URL(a), new URL(b));
    expect(same('http://[::1]:80', 'http://localhost')).toBe(true);
    expect(same('http://a.example', 'http://b.example')).toBe(false);
    expect(same('http://localhost/a', 'http://localhost/b')).toBe(false);
  });

  it('are clear text when a password would cross a network unencrypted', () => {
    expect(isClearText(new URL('http://10.0.0.1'))).toBe(true);
    expect(isClearText(new URL('https://10.0.0.1'))).toBe(false);
    expect(isClearText(new URL('http://localhost:8080'))).toBe(false);
  });
});
