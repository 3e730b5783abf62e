import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkSandbox } from '#cli/doctor/sandbox-checks.ts';
import { checkDatabase, checkEvents } from '#cli/doctor/service-checks.ts';
import { type Config, loadConfig } from '#config/load.ts';
import { hasBubblewrap } from '../sandbox/drivers.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'crush-doctor-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function configOf(env: Record<string, string>): Config {
  return loadConfig({ env: { CRUSH_DATA_DIR: base, ...env } }).config;
}

describe('a diagnosis', () => {
  test('of an installation without services finds nothing wrong', async () => {
    const config = configOf({});
    expect(await checkDatabase(config)).toMatchObject({ ok: true, name: 'embedded database' });
    expect(await checkEvents(config)).toMatchObject({ ok: true });
  });

  test('names services that are out of reach in one line each, without credentials', async () => {
    const config = configOf({
      DATABASE_URL: 'postgres://user:hidden@127.0.0.1:1/crush',
      REDIS_URL: 'redis://:hidden@127.0.0.1:1',
    });
    for (const check of [await checkDatabase(config), await checkEvents(config)]) {
      expect(check).toMatchObject({ ok: false, needed: true });
      expect(check.detail).toContain('127.0.0.1:1');
      expect(check.detail).not.toMatch(/hidden|\n/);
    }
  });

  test.skipIf(!hasBubblewrap)('of the sandbox tells version, network and what holds in sum', async () => {
    const checks = await checkSandbox(configOf({}));
    expect(checks.find(({ name }) => name === 'sandbox')).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/^bubblewrap \d+\.\d+/),
    });
    expect(checks.map(({ name }) => name)).toEqual([
      'sandbox',
      'sandbox network',
      'control groups',
      'disk',
      'ripgrep',
    ]);
  });

  test.skipIf(!hasBubblewrap)('tells of an allowlist that cannot be meant', async () => {
    const config = configOf({
      CRUSH_SANDBOX__NETWORK__MODE: 'allowlist',
      CRUSH_SANDBOX__NETWORK__ALLOW: '["*"]',
    });
    expect(await checkSandbox(config)).toMatchObject([
      { ok: false, needed: true, detail: expect.stringContaining('sandbox.network.allow') },
    ]);
  });

  test('tells of each sandbox server that does not answer, and of half a configuration', async () => {
    const servers = '["http://127.0.0.1:1", "http://127.0.0.1:2"]';
    const config = configOf({ CRUSH_SANDBOX__BASE_URL: servers });
    const checks = await checkSandbox(config);
    expect(checks.map(({ ok, detail }) => [ok, detail.slice(0, 18)])).toEqual([
      [false, 'http://127.0.0.1:1'],
      [false, 'http://127.0.0.1:2'],
    ]);
    expect(await checkSandbox(configOf({ CRUSH_SANDBOX__DRIVER: 'remote' }))).toMatchObject([{ ok: false }]);
  });

  test('counts commands on this machine beyond loopback as a fault', async () => {
    const env = { CRUSH_SANDBOX__DRIVER: 'host', CRUSH_SERVER__HOST: '0.0.0.0' };
    expect((await checkSandbox(configOf(env)))[0]).toMatchObject({ ok: false, needed: true });
    const accepted = await checkSandbox(configOf({ ...env, CRUSH_SANDBOX__ALLOW_HOST: 'true' }));
    expect(accepted[0]).toMatchObject({ ok: false, needed: false });
  });
});
