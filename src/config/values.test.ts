import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { loadConfig } from './load.ts';
import type { Environment } from './paths.ts';
import { isNotAvailable } from './schema/fields.ts';
import { ConfigSchema } from './schema/index.ts';
import { leavesOf } from './schema-tree.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'crush-config-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function load(text: string, env: Environment = {}) {
  const file = join(directory, `${Math.random().toString(36).slice(2)}.yaml`);
  writeFileSync(file, text);
  return loadConfig({ file, env: { HOME: '/home/ada', ...env } }).config as unknown as Record<
    string,
    unknown
  >;
}

function at(config: Record<string, unknown>, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], config);
}

function nested(path: readonly string[], value: string): string {
  return path
    .map((key, depth) => `${'  '.repeat(depth)}${key}:`)
    .join('\n')
    .concat(` ${value}\n`);
}

const variable = (path: readonly string[]) => `CRUSH_${path.join('__').toUpperCase()}`;
const setting = (path: readonly string[], text: string): Environment =>
  path.length > 1 ? { [variable(path)]: text } : { [`CRUSH_${path[0]?.toUpperCase()}`]: text };

const leaves = leavesOf(ConfigSchema).filter(({ schema }) => !isNotAvailable(schema));
const ofType = (type: z.ZodType['def']['type']) =>
  leaves.filter(({ kinds, path }) => kinds.has(type) && !path.includes('*'));

const YES = ['true', '1', 'yes', 'on', 'True', 'YES', 'On'];
const NO = ['false', '0', 'no', 'off', 'False', 'NO', 'Off'];

describe('every boolean key', () => {
  const keys = ofType('boolean');

  it('is one of several', () => {
    expect(keys.map(({ path }) => path.join('.'))).toEqual(
      expect.arrayContaining(['profile', 'permissions.skip_requests', 'sandbox.allow_host']),
    );
  });

  it.each(keys)('$name understands all usual words, in the file and in the environment', ({ path }) => {
    for (const [words, expected] of [
      [YES, true],
      [NO, false],
    ] as const) {
      for (const word of words) {
        expect(at(load(nested(path, word)), path), word).toBe(expected);
        expect(at(load(nested(path, `"${word}"`)), path), word).toBe(expected);
        expect(at(load('', setting(path, word)), path), word).toBe(expected);
      }
    }
    for (const word of ['2', 'maybe', 'y']) {
      expect(() => load(nested(path, word))).toThrow(/true or false/);
      expect(() => load('', setting(path, word))).toThrow(/true or false/);
    }
  });

  it('is found by the names of its own', () => {
    const { profile, permissions } = load('', { CRUSH_PROFILE: '1', CRUSH_YOLO: 'yes' });
    expect({ profile, permissions }).toMatchObject({ profile: true, permissions: { skip_requests: true } });
  });
});

describe('every text key', () => {
  const keys = ofType('string').filter(
    ({ kinds, path }) => kinds.size === 1 && !/url|roots|mounts/.test(path.join()),
  );

  it.each(keys)('$name keeps what looks like a number, a boolean or a date', ({ path, kinds }) => {
    for (const text of ['123', '0123', '1e3', '0x10', 'true', 'no', '2024-01-02', '1_000']) {
      if (kinds.has('array')) continue;
      const wanted = path[0] === 'data_dir' ? join(process.cwd(), text) : text;
      expect(at(load(nested(path, text)), path), text).toBe(wanted);
      expect(at(load('', setting(path, text)), path), text).toBe(wanted);
    }
  });
});

describe('numbers and lists', () => {
  it.each(ofType('number'))('$name takes a number as text', ({ path }) => {
    expect(at(load(nested(path, '"100"')), path)).toBe(100);
    expect(at(load(nested(path, `\${N:-100}`)), path)).toBe(100);
    expect(at(load('', setting(path, '100')), path)).toBe(100);
    expect(() => load('', setting(path, 'many'))).toThrow();
    expect(() => load('', setting(path, '1.5.2'))).toThrow();
  });

  it('takes a list as YAML, with commas, or as its only value', () => {
    const allowed = (value: string) =>
      at(load('', { CRUSH_PERMISSIONS__ALLOWED_TOOLS: value }), ['permissions', 'allowed_tools']);
    expect(allowed('[view, "bash:run"]')).toEqual(['view', 'bash:run']);
    expect(allowed('view, 123')).toEqual(['view', '123']);
    expect(allowed('view')).toEqual(['view']);
    const urls = 'http://a.example:8888,http://b.example:8888';
    expect(at(load('', { CRUSH_SANDBOX__BASE_URL: urls }), ['sandbox', 'base_url'])).toEqual(urls.split(','));
  });

  it('keeps texts inside lists and records', () => {
    const providers = load(
      'providers:\n  0123:\n    api_key: 0123\n    models: [{ id: 4.50, name: 7 }]\n',
    ).providers;
    expect(providers).toMatchObject({ '0123': { api_key: '0123', models: [{ id: '4.50', name: '7' }] } });
  });

  it('takes a key without a value as left out', () => {
    expect(load('providers:\n# local: {}\nagent:\n  max_steps:\n').agent).toMatchObject({ max_steps: 200 });
  });
});

describe('every path key', () => {
  it('takes ~ for the home directory, wherever it is given', () => {
    expect(load('data_dir: ~\n').data_dir).toBe('/home/ada');
    expect(load('data_dir: ~/x\n').data_dir).toBe('/home/ada/x');
    expect(load('', { CRUSH_DATA_DIR: '~/y' }).data_dir).toBe('/home/ada/y');
    expect(load('', { CRUSH_CWD: '~/w' }).cwd).toBe('/home/ada/w');
    const roots = (text: string) => at(load(text), ['sandbox', 'workspace_roots']);
    expect(roots('sandbox: { workspace_roots: [~/a, ~, /b] }')).toEqual(['/home/ada/a', '/home/ada', '/b']);
    expect(
      at(load('', { CRUSH_SANDBOX__WORKSPACE_ROOTS: '~/a,/b' }), ['sandbox', 'workspace_roots']),
    ).toEqual(['/home/ada/a', '/b']);
    expect(at(load('sandbox: { mounts: [~/toolchain] }'), ['sandbox', 'mounts'])).toEqual([
      '/home/ada/toolchain',
    ]);
  });

  it('takes ~ in flags and in the place of the file', () => {
    const env = { HOME: directory };
    writeFileSync(join(directory, 'own.yaml'), 'log: { level: warn }\n');
    const overrides = [{ key: 'data_dir', value: '~/z', flag: '--data-dir' }];
    const { config } = loadConfig({ file: '~/own.yaml', env, overrides, cwd: '~/w' });
    expect(config).toMatchObject({
      log: { level: 'warn' },
      data_dir: join(directory, 'z'),
      cwd: join(directory, 'w'),
    });
  });

  it('takes ~ in the name of a file that holds a secret', () => {
    writeFileSync(join(directory, 'secret'), 'hidden\n');
    const { config } = (() => {
      const file = join(directory, 'secrets.yaml');
      writeFileSync(file, 'auth:\n  jwt_secret_file: ~/secret\n');
      return loadConfig({ file, env: { HOME: directory } });
    })();
    expect(config.auth.jwt_secret).toBe('hidden');
  });

  it('refuses the homes of others and says where', () => {
    expect(() => load('data_dir: ~bob/x\n')).toThrow(/:1: data_dir: ~bob is not understood/);
    expect(() => load('', { CRUSH_DATA_DIR: '~bob' })).toThrow(
      'CRUSH_DATA_DIR: data_dir: ~bob is not understood',
    );
    expect(() => load('', { CRUSH_CWD: '~bob/w' })).toThrow('CRUSH_CWD: ~bob is not understood');
    expect(() => load('sandbox:\n  workspace_roots:\n    - ~bob/x\n')).toThrow(/workspace_roots.0: ~bob/);
    expect(() => load('auth:\n  jwt_secret_file: ~bob/x\n')).toThrow(/jwt_secret_file: ~bob/);
  });

  it('leaves ~ alone where no path is wanted', () => {
    expect(at(load('redis: { password: ~x }'), ['redis', 'password'])).toBe('~x');
    expect(load('data_dir: /a/~b\n').data_dir).toBe('/a/~b');
  });
});

describe('a secret in a file', () => {
  it('is not given twice, and a key that does not exist is not read', () => {
    expect(() => load('auth:\n  jwt_secret: a\n  jwt_secret_file: /x\n')).toThrow(
      /jwt_secret is given as well/,
    );
    expect(() => load('server:\n  nothing_file: /x\n')).toThrow(/server.nothing_file: unknown key/);
  });
});

describe('durations', () => {
  it.each(['agent.task_timeout', 'agent.permission_timeout', 'sandbox.timeout'])(
    '%s fits a timer',
    (name) => {
      const path = name.split('.');
      expect(() => load(nested(path, '2147484'))).toThrow(new RegExp(`${name}: `));
      expect(() => load(nested(path, '9007199254740991'))).toThrow(new RegExp(`${name}: `));
      expect(() => load(nested(path, '-1'))).toThrow(new RegExp(`${name}: `));
    },
  );

  it('are refused in words', () => {
    expect(() => load('agent: { task_timeout: 9999999999 }')).toThrow(/2147483/);
  });
});

describe('a setting of a feature that is not there', () => {
  const missing = leavesOf(ConfigSchema).filter(({ schema }) => isNotAvailable(schema));

  it('is known', () => {
    expect(new Set(missing.map(({ path }) => path[0]))).toEqual(
      new Set(['storage', 'auth', 'agent', 'tools', 'lsp', 'mcp', 'hooks']),
    );
  });

  it.each(missing)('$name is refused, and accepted at its default', ({ path, schema, kinds }) => {
    const fallback = schema.parse(undefined);
    const yaml = (value: unknown) => load(nested(path, JSON.stringify(value)));
    expect(at(yaml(fallback), path)).toEqual(fallback);
    const other = kinds.has('enum')
      ? 's3'
      : kinds.has('boolean')
        ? !fallback
        : kinds.has('number')
          ? 17
          : kinds.has('record')
            ? { x: { command: 'y' } }
            : 'https://other.example';
    expect(() => yaml(other)).toThrow(
      new RegExp(`:${path.length}: ${path.join('\\.')}: not available in this version`),
    );
  });

  it('is refused from the environment too', () => {
    expect(() => load('', { CRUSH_STORAGE__TYPE: 's3' })).toThrow(
      'CRUSH_STORAGE__TYPE: storage.type: not available in this version: leave it out (got "s3")',
    );
    expect(() => load('providers: { g: { type: google } }')).toThrow(
      /providers.g.type: not available in this version/,
    );
  });
});
