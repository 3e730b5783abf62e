import { describe, expect, it } from 'vitest';
import { createLogger } from './index.ts';
import { maskSecrets } from './mask.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u202a-\u202e\u2066-\u2069\ufeff]/;

function logged(
  write: (log: ReturnType<typeof createLogger>) => void,
  format: 'json' | 'pretty' = 'json',
): string {
  let text = '';
  const destination = {
    write: (line: string) => {
      text += line;
    },
  };
  write(createLogger({ level: 'debug', format, service: 'test', destination }));
  return text;
}

describe('logger', () => {
  it('writes one JSON line with its service, fields and message', () => {
    const line = JSON.parse(logged((log) => log.child({ turn_id: 't' }).info({ count: 2 }, 'done')));
    expect(line).toMatchObject({ service: 'test', turn_id: 't', count: 2, msg: 'done', level: 30 });
  });

  it('masks secrets at any depth, in arrays and in bound fields', () => {
    const text = logged((log) => {
      log.child({ token: 'canary-1' }).info({ a: { b: [{ api_key: 'canary-2' }] } }, 'x');
      log.warn({ Authorization: 'canary-3', headers: { cookie: 'canary-4' } }, 'y');
    });
    expect(text).not.toContain('canary');
    expect(text).toContain('****');
  });

  it('lets nothing through that could steer a terminal or turn a line around', () => {
    const hostile = '\u009b31m \u202e \u2066 \u2028 \u007f \u001b]0;x\u0007 \ufeff end';
    for (const format of ['json', 'pretty'] as const) {
      const write = (log: ReturnType<typeof createLogger>) => {
        log.child({ path: hostile }).info({ err: new Error(hostile), inner: { list: [hostile] } }, hostile);
      };
      const text = logged(write, format);
      expect(text).not.toMatch(STEERING);
      expect(text).toContain('u009b31m');
    }
    expect(JSON.parse(logged((log) => log.info({ path: hostile }, 'x'))).path).toBe(hostile);
  });

  it('tells an error with its cause', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const line = JSON.parse(logged((log) => log.error({ err: new Error('outer', { cause }) }, 'z')));
    expect(line.err).toMatchObject({ message: 'outer', cause: { message: 'refused', code: 'ECONNREFUSED' } });
  });
});

describe('maskSecrets', () => {
  it('copies nothing when there is nothing to mask', () => {
    const fields = { a: 1, b: { c: [1, 2] } };
    expect(maskSecrets(fields)).toBe(fields);
  });

  it('leaves the original alone', () => {
    const fields = { inner: { password: 'p' } };
    expect(maskSecrets(fields)).toEqual({ inner: { password: '****' } });
    expect(fields.inner.password).toBe('p');
  });
});
