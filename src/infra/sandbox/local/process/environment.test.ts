import { expect, test } from 'vitest';
import { baseEnvironment, mergeEnvironment } from './environment.ts';

const base = baseEnvironment('/home/u', 'u');

test('names that load code or steer tools are dropped', () => {
  const hostile = {
    LD_PRELOAD: '/workspace/x.so',
    ld_library_path: '/workspace',
    NODE_OPTIONS: '--require /workspace/x.js',
    BASH_ENV: '/workspace/x',
    ENV: '/workspace/x',
    GIT_SSH_COMMAND: 'sh',
    PYTHONPATH: '/workspace',
    PERL5OPT: '-Mx',
    SHELLOPTS: 'xtrace',
    PS4: '$(id)',
    'BASH_FUNC_ls%%': '() { id; }',
    'a b': 'x',
    'a=b': 'x',
    '': 'x',
  };
  expect(mergeEnvironment(base, hostile)).toEqual(base);
});

test('the base cannot be overridden', () => {
  const merged = mergeEnvironment(base, { PATH: '/workspace', HOME: '/', CRUSH: '0', EDITOR: 'vi' });
  expect(merged).toEqual(base);
});

test('ordinary names are added', () => {
  const merged = mergeEnvironment(base, { API_URL: 'http://x', empty: '' });
  expect(merged).toEqual({ ...base, API_URL: 'http://x', empty: '' });
});

test('a commit has an author, and git gets nothing else', () => {
  const author = {
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'b',
    GIT_COMMITTER_NAME: 'c',
    GIT_COMMITTER_EMAIL: 'd',
  };
  const more = { GIT_AUTHOR_DATE: '0', GIT_DIR: '/', git_author_name: 'x', GIT_CONFIG_COUNT: '1' };
  expect(mergeEnvironment(base, { ...author, ...more })).toEqual({ ...base, ...author });
});

test('values with a NUL or of more than 32 KiB are dropped', () => {
  const merged = mergeEnvironment(base, { A: 'x\0y', B: 'x'.repeat(40_000), C: 'kept' });
  expect(merged).toEqual({ ...base, C: 'kept' });
});

test('prototype names are ordinary names', () => {
  expect(mergeEnvironment(base, JSON.parse('{"__proto__":"x"}'))).toEqual(base);
});
