import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FatalError } from './errors.ts';
import { loadConfig } from './load.ts';
import { describeConfig, redactConfig } from './redact.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'crush-config-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(directory, `${Math.random().toString(36).slice(2)}.yaml`);
  writeFileSync(path, text);
  return path;
}

function refusal(options: Parameters<typeof loadConfig>[0]): string {
  try {
    loadConfig(options);
  } catch (error) {
    expect(error).toBeInstanceOf(FatalError);
    expect((error as FatalError).exitCode).toBe(2);
    expect((error as FatalError).message).not.toContain('\n');
    return (error as FatalError).message;
  }
  throw new Error('the configuration was accepted');
}

const env = { HOME: '/h' };

describe('loadConfig', () => {
  it.each([
    ['__proto__: { polluted: 1 }', '__proto__: unknown key'],
    ['database: { __proto__: { polluted: 1 } }', 'database.__proto__: unknown key'],
    ['providers: { __proto__: { api_key: x } }', 'providers.__proto__: unknown key'],
    ['providers: { a: { models: [{ id: m, __proto__: { polluted: 1 } }] } }', '__proto__'],
    ['constructor: { prototype: { polluted: 1 } }', 'constructor: unknown key'],
    ['database: { toString: { polluted: 1 } }', 'database.toString: unknown key'],
  ])('refuses %s without changing what other objects have', (text, line) => {
    expect(() => loadConfig({ env, file: file(text) })).toThrow(line);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it.each([
    { CRUSH_PROVIDERS____PROTO____API_KEY: 'x' },
    { CRUSH_PROVIDERS__A: '{ "__proto__": { "polluted": 1 } }' },
    { CRUSH_DATABASE____PROTO____URL: 'x' },
  ])('refuses %j as well', (variables) => {
    expect(() => loadConfig({ env: { ...env, ...variables }, file: file('') })).toThrow();
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('has a default for every key', () => {
    const { config, file: read } = loadConfig({ env: { HOME: '/h' }, file: file('') });
    expect(config.server.http_port).toBe(8080);
    expect(config.agent.permission_timeout).toBe(300);
    expect(config.sandbox.limits.memory_mb).toBe(2048);
    expect(read).not.toBeNull();
    expect(Object.isFrozen(config.server)).toBe(true);
  });

  it('lets flags win over the environment and the environment over the file', () => {
    const path = file('server:\n  http_port: "9000"\n  ws_port: 9001\n  host: 0.0.0.0\n');
    const env = { CRUSH_SERVER__WS_PORT: '9002', CRUSH_SERVER__HOST: '::1' };
    const overrides = [{ key: 'server.host', value: '127.0.0.2', flag: '--host' }];
    const loaded = loadConfig({ file: path, env, overrides });
    expect(loaded.config.server).toMatchObject({ http_port: 9000, ws_port: 9002, host: '127.0.0.2' });
    expect(describeConfig(loaded)).toContain(`server.http_port = 9000  # ${path}:2`);
    expect(describeConfig(loaded)).toContain('server.ws_port = 9002  # CRUSH_SERVER__WS_PORT');
    expect(describeConfig(loaded)).toContain('server.host = "127.0.0.2"  # --host');
    expect(describeConfig(loaded)).toContain('redis.port = 6379  # default');
  });

  it('keeps the text of string keys given by the environment', () => {
    const { config } = loadConfig({ env: { CRUSH_AUTH__JWT_SECRET: '12345' }, file: file('') });
    expect(config.auth.jwt_secret).toBe('12345');
  });

  it('understands the variables with names of their own', () => {
    const env = { DATABASE_URL: 'postgres://a', REDIS_URL: 'redis://b', CRUSH_YOLO: 'true', CRUSH_CWD: '/w' };
    const { config } = loadConfig({ env, file: file('') });
    expect(config.database.url).toBe('postgres://a');
    expect(config.redis.url).toBe('redis://b');
    expect(config.permissions.skip_requests).toBe(true);
    expect(config.cwd).toBe('/w');
  });

  it('fills variables and reads secrets from files', () => {
    const secret = file('hidden\n');
    const path = file(
      `auth:\n  jwt_secret_file: ${secret}\nredis:\n  host: \${R_HOST:-fallback}\n  password: \${R_PASS}\n`,
    );
    const { config } = loadConfig({ file: path, env: { R_PASS: 'p$(id)' } });
    expect(config.auth.jwt_secret).toBe('hidden');
    expect(config.redis).toMatchObject({ host: 'fallback', password: 'p$(id)' });
    expect(refusal({ file: path, env: {} })).toBe(
      `${path}:5: redis.password: the environment variable R_PASS is not set`,
    );
  });

  it.each([
    ['server:\n  http_prot: 1\n', ':2: server.http_prot: unknown key (allowed: host, http_port'],
    ['serverr: {}\n', ':1: serverr: unknown key (allowed: server, data_dir'],
    ['agent:\n  max_workers: many\n', ':2: agent.max_workers: '],
    ['server:\n  http_port: 99999\n', ':2: server.http_port: must be a port from 0 to 65535 (got 99999)'],
    ['sandbox:\n  driver: docker\n', ':2: sandbox.driver: '],
    ['- a\n', ':1: the file must be a map of keys'],
    ['a: [\n', ':2: not valid YAML: Flow sequence in block collection'],
  ])('refuses %j in one line that names the place', (text, expected) => {
    expect(refusal({ file: file(text), env: {} })).toContain(expected);
  });

  it('refuses unknown keys in the environment and missing files', () => {
    expect(refusal({ file: file(''), env: { CRUSH_SERVER__PROT: '1' } })).toBe(
      'CRUSH_SERVER__PROT: server.prot is not a configuration key',
    );
    expect(refusal({ file: '/nonexistent.yaml', env: {} })).toBe(
      'cannot read the configuration file /nonexistent.yaml: there is no such file',
    );
  });

  it('never shows a secret', () => {
    const env = {
      CRUSH_AUTH__JWT_SECRET: 'canary-1',
      CRUSH_PROVIDERS__X__API_KEY: 'canary-2',
      DATABASE_URL: 'postgres://u:canary-3@h/d',
    };
    const loaded = loadConfig({ env, file: file('') });
    expect(JSON.stringify(redactConfig(loaded.config)) + describeConfig(loaded)).not.toContain('canary');
    const wrong = { ...env, CRUSH_AUTH__JWT_SECRET: 'canary-1', CRUSH_AGENT__MAX_STEPS: 'canary?' };
    expect(refusal({ env: wrong, file: file('') })).toContain('CRUSH_AGENT__MAX_STEPS: agent.max_steps');
  });
});
