import { describe, expect, it } from 'vitest';
import { createLogger } from './index.ts';
import { maskSecrets } from './mask.ts';

function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  const destination = {
    write: (line: string) => {
      text += line;
    },
  };
  write(createLogger({ level: 'debug', format: 'json', service: 'test', destination }));
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
