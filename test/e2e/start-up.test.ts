import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CRUSH, runCrush, startCrush, temporaryDirectory } from '../harness/crush-process.ts';
import { createPostgresTestDatabase } from '../harness/database.ts';

const temporary = temporaryDirectory();
afterAll(temporary.remove);

const dataDir = () => join(temporary.path, Math.random().toString(36).slice(2));
const ports = ['--http-port', '0'];

describe('crush', () => {
  it('runs from an empty directory with its files beside it', async () => {
    const copy = join(temporary.path, 'copy');
    mkdirSync(copy);
    cpSync(dirname(CRUSH), copy, { recursive: true });
    const executable = join(copy, 'crush');
    expect(await runCrush(['--version'], { executable, cwd: copy })).toMatchObject({ code: 0, stderr: '' });
    const server = await startCrush(['serve', '--data-dir', dataDir(), ...ports, '--ws-port', '0'], {
      executable,
      cwd: copy,
    });
    expect((await fetch(`${server.urls.http}/ready`)).status).toBe(200);
    expect(await server.stop()).toBe(0);
  });

  it('says what a command is for and refuses what it does not know', async () => {
    expect((await runCrush(['serve', '--help'])).stdout).toContain('--data-dir');
    expect(await runCrush(['surve'])).toMatchObject({ code: 2 });
    expect(await runCrush(['serve', '--no-such-flag'])).toMatchObject({ code: 2 });
  });

  it('keeps everything over a restart', async () => {
    const args = ['serve', '--data-dir', dataDir(), ...ports, '--ws-port', '0'];
    const chat = ['chat', '--data-dir', args[2] ?? '', '--yes'];
    const first = await startCrush(args);
    expect(await runCrush([...chat, 'create kept.txt with this'])).toMatchObject({ code: 0 });
    await first.stop();
    const second = await startCrush(args);
    expect((await runCrush([...chat, 'read kept.txt'])).stdout).toContain('this');
    await second.stop();
  });
});

describe('one clear line and the right exit code', () => {
  const oneLine = (text: string) => text.trim().split('\n').length === 1;
  const refused = async (args: string[], env: Record<string, string> = {}) => {
    const result = await runCrush(args, { env });
    expect(result.stderr, args.join(' ')).toSatisfy(oneLine);
    return result;
  };
  let blocker: ReturnType<typeof createServer>;
  let takenPort = 0;
  beforeAll(async () => {
    blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const address = blocker.address();
    takenPort = typeof address === 'object' && address ? address.port : 0;
  });
  afterAll(() => new Promise((resolve) => blocker.close(resolve)));

  it('for a wrong configuration', async () => {
    const file = join(temporary.path, 'wrong.yaml');
    writeFileSync(file, 'server:\n  http_prot: 1\n');
    const result = await refused(['serve', '--config', file, '--data-dir', dataDir()]);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(`${file}:2: server.http_prot: unknown key`);
  });

  it.each([
    [
      ['serve', '--data-dir', '/dev/null'],
      1,
      'the data directory /dev/null cannot be made: there is a file of this name',
    ],
    [['serve', '--data-dir', '/proc/none/crush'], 1, 'cannot be made: there is no such file'],
    [['migrate', '--data-dir', '/dev/null/crush'], 1, 'a part of the path is not a directory'],
    [['serve', '--cwd', '/no/such/directory'], 2, '--cwd: /no/such/directory is not a directory'],
    [
      ['serve', '--config', '/no/such.yaml'],
      2,
      'cannot read the configuration file /no/such.yaml: there is no such',
    ],
    [['serve', '--config', '/tmp'], 2, 'cannot read the configuration file /tmp: it is a directory'],
    [
      ['chat', '--server', 'http://no-such-host.invalid', '--email', 'a@example.org', 'hi'],
      3,
      'there is no such host',
    ],
    [['chat', '--data-dir', '/no/such', 'hi'], 2, 'start `crush serve`, or give --email and CRUSH_PASSWORD'],
  ])('for %j', async (args, code, sentence) => {
    const result = await runCrush(args, { env: { CRUSH_PASSWORD: args[1] === '--server' ? 'x' : '' } });
    expect(result.code).toBe(code);
    expect(result.stderr.trim().split('\n').at(-1)).toContain(sentence);
    expect(result.stderr).not.toMatch(/^\s+at /m);
  });

  it('for words that a command does not know, with the command that explains them', async () => {
    for (const args of [
      ['user', 'create'],
      ['user', 'add'],
      ['config', 'dump'],
      ['serve', '--bogus'],
    ]) {
      const result = await runCrush(args);
      expect(result.code, args.join(' ')).toBe(2);
      expect(result.stderr).toMatch(
        /^error: .+\n(\(Did you mean .+\)\n)?\(try: crush [a-z]+( add)? --help\)\n$/,
      );
    }
  });

  it('for a server that lacks its database or its Redis', async () => {
    const http = await refused(['http-server', '--data-dir', dataDir()]);
    expect(http.code).toBe(2);
    expect(http.stderr).toContain('database.url');
    const ws = await refused(['ws-server', '--data-dir', dataDir()], { DATABASE_URL: inject('postgresUrl') });
    expect(ws.code).toBe(2);
    expect(ws.stderr).toContain('redis.url');
  });

  it('for stores that cannot be reached', async () => {
    const database = await refused(['http-server', '--data-dir', dataDir()], {
      DATABASE_URL: 'postgres://x:canary@127.0.0.1:1/x',
    });
    expect(database.code).toBe(3);
    expect(database.stderr).toContain('PostgreSQL at 127.0.0.1:1');
    expect(database.stderr).toContain('ECONNREFUSED');
    expect(database.stderr).not.toContain('canary');
    const redis = await refused(['serve', '--data-dir', dataDir()], { REDIS_URL: `redis://127.0.0.1:1` });
    expect(redis.code).toBe(3);
    expect(redis.stderr).toContain('Redis at 127.0.0.1:1');
  });

  it('for a schema that is not there yet', async () => {
    const database = await createPostgresTestDatabase(inject('postgresUrl'), { empty: true });
    const env = { DATABASE_URL: database.url, REDIS_URL: inject('redisUrl') };
    const result = await refused(['http-server', '--data-dir', dataDir(), ...ports], env);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('crush migrate');
    expect((await runCrush(['migrate', '--status'], { env })).stdout).toContain('pending');
    expect((await runCrush(['migrate', '--dry-run'], { env })).stdout.toLowerCase()).toContain(
      'create table',
    );
    expect((await runCrush(['migrate'], { env })).stdout).toContain('applied');
    expect((await runCrush(['migrate'], { env })).stdout).toContain('up to date');
    await database.close();
  });

  it('for a port that is taken and a data directory that is in use', async () => {
    const taken = await refused(['serve', '--data-dir', dataDir(), '--http-port', String(takenPort)]);
    expect(taken.code).toBe(1);
    expect(taken.stderr).toContain(`127.0.0.1:${takenPort}`);
    const directory = dataDir();
    const server = await startCrush(['serve', '--data-dir', directory, ...ports, '--ws-port', '0']);
    const second = await refused(['serve', '--data-dir', directory, ...ports, '--ws-port', '0']);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`in use by process ${server.pid}`);
    await server.stop();
  });

  it('for the host driver beyond loopback', async () => {
    const args = ['serve', '--data-dir', dataDir(), ...ports, '--ws-port', '0', '--host', '0.0.0.0'];
    const host = await refused(args, { CRUSH_SANDBOX__DRIVER: 'host', CRUSH_AUTH__REGISTRATION: 'closed' });
    expect(host.code).toBe(2);
    expect(host.stderr).toContain('sandbox.allow_host');
  });

  it.skipIf(process.getuid?.() !== 0).each([
    ['a sandbox', 'bash sh env flock', 'bubblewrap is not installed'],
    ['a lock for the data', 'bash sh env', 'flock is not installed'],
  ])('for %s that is not there (needs root to hide it)', async (_what, kept, sentence) => {
    const empty = mkdtempSync(join(temporary.path, 'empty-'));
    const hide = `mount --bind ${empty} /usr/local/bin; for each in ${kept}; do cp /usr/bin/$each ${empty}; done; mount --bind ${empty} /usr/bin; exec "$@"`;
    const node = join(empty, 'node');
    cpSync(process.execPath, node);
    const args = ['serve', '--data-dir', dataDir(), ...ports, '--ws-port', '0', '--host', '0.0.0.0'];
    const result = await runCrush(args, {
      under: ['unshare', '-m', 'bash', '-c', hide, 'hide'],
      program: node,
      env: { CRUSH_AUTH__REGISTRATION: 'closed' },
    });
    expect(result.stderr).toSatisfy(oneLine);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain(sentence);
  });

  it('for choices that nobody has made beyond loopback', async () => {
    const args = ['serve', '--data-dir', dataDir(), ...ports, '--ws-port', '0', '--host', '0.0.0.0'];
    const registration = await refused(args);
    expect(registration).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('auth.registration is not set'),
    });
    const open = {
      CRUSH_AUTH__REGISTRATION: 'open',
      CRUSH_AUTO_MODEL__PROVIDER: 'openai',
      CRUSH_AUTO_MODEL__MODEL: 'm',
    };
    const budget = await refused(args, open);
    expect(budget).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('limits.user_tokens_per_day is not set'),
    });
  });

  it('for secrets that are missing, short or doubled beyond loopback', async () => {
    const args = ['http-server', '--data-dir', dataDir(), '--host', '0.0.0.0'];
    const base = { DATABASE_URL: inject('postgresUrl'), CRUSH_AUTH__REGISTRATION: 'closed' };
    expect((await refused(args, base)).stderr).toContain('auth.jwt_secret');
    const short = { ...base, CRUSH_AUTH__JWT_SECRET: 'short', CRUSH_AUTH__MASTER_KEY: 'm'.repeat(32) };
    expect((await refused(args, short)).stderr).toContain('32 bytes');
    const same = { ...base, CRUSH_AUTH__JWT_SECRET: 'm'.repeat(32), CRUSH_AUTH__MASTER_KEY: 'm'.repeat(32) };
    expect((await refused(args, same)).stderr).toContain('same value');
  });
});

describe('crush user', () => {
  it('adds, lists, disables and gives a new password', async () => {
    const database = await createPostgresTestDatabase(inject('postgresUrl'));
    const env = { DATABASE_URL: database.url };
    const user = (args: string[], stdin?: string) =>
      runCrush(['user', ...args, '--data-dir', dataDir()], { env, stdin });
    const add = (name: string) =>
      user(['add', name, '--email', `${name}@example.com`], `the-password-of-${name}-1\n`);
    expect((await add('ada')).stdout).toContain('created admin ada');
    expect((await add('bob')).stdout).toContain('created member bob');
    expect(await add('bob')).toMatchObject({ code: 2 });
    expect((await user(['disable', 'bob'])).stdout).toContain('disabled bob');
    expect((await user(['list'])).stdout).toMatch(/bob .*\(disabled\)/);
    const replaced = await user(['set-password', 'ada'], 'another-password-2\n');
    expect(replaced.stdout).toContain('password of ada replaced');
    expect(await user(['disable', 'nobody'])).toMatchObject({ code: 2 });
    await database.close();
  });

  it('works in a data directory of its own too', async () => {
    const directory = dataDir();
    const added = await runCrush(
      ['user', 'add', 'ada', '--email', 'ada@example.com', '--data-dir', directory],
      { stdin: 'the-password-of-ada-1\n' },
    );
    expect(added.stdout).toContain('created admin ada');
    expect((await runCrush(['user', 'list', '--data-dir', directory])).stdout).toContain('ada');
    expect(existsSync(directory)).toBe(true);
  });
});
