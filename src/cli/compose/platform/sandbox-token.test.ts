import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Config, loadConfig } from '#config/load.ts';
import { usesSandboxServers } from '../services/remote-workspaces.ts';
import { openSandboxToken } from './sandbox-token.ts';

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'crush-token-'));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

function configOf(sandbox: Record<string, unknown>): Config {
  const overrides = Object.entries({ ...sandbox }).map(([key, value]) => ({
    key: `sandbox.${key}`,
    value,
    flag: 'test',
  }));
  overrides.push({ key: 'data_dir', value: dataDir, flag: 'test' });
  return loadConfig({ env: {}, overrides }).config;
}

test('a token of its own is made on loopback, kept from others and used again', () => {
  const token = openSandboxToken(configOf({}), ['127.0.0.1', 'localhost', '::1']);
  expect(Buffer.byteLength(token)).toBeGreaterThanOrEqual(32);
  expect(openSandboxToken(configOf({}), ['127.0.0.1'])).toBe(token);
  expect(statSync(join(dataDir, 'sandbox_token')).mode & 0o777).toBe(0o600);
});

test('beyond loopback a token has to be configured, and it has to be long', () => {
  for (const name of ['0.0.0.0', '10.0.0.5', '::', 'sandbox.example']) {
    expect(() => openSandboxToken(configOf({}), ['127.0.0.1', name])).toThrow(/sandbox\.token is not set/);
  }
  expect(() => openSandboxToken(configOf({ token: 'x'.repeat(31) }), ['127.0.0.1'])).toThrow(/32 bytes/);
  expect(openSandboxToken(configOf({ token: 'x'.repeat(32) }), ['0.0.0.0'])).toBe('x'.repeat(32));
});

test('sandbox servers are used where some are named and no other driver is', () => {
  const base_url = ['http://10.0.0.5:8888', 'http://10.0.0.6:8888'];
  expect(usesSandboxServers(configOf({}))).toBe(false);
  expect(usesSandboxServers(configOf({ base_url }))).toBe(true);
  expect(usesSandboxServers(configOf({ base_url: base_url[0], driver: 'remote' }))).toBe(true);
  expect(usesSandboxServers(configOf({ base_url, driver: 'bubblewrap' }))).toBe(false);
  expect(() => usesSandboxServers(configOf({ driver: 'remote' }))).toThrow(/base_url/);
});
