import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { CRUSH, cleanEnvironment, startCrush, temporaryDirectory } from '../harness/crush-process.ts';
import { createPostgresTestDatabase } from '../harness/database.ts';

const temporary = temporaryDirectory();
afterAll(temporary.remove);
const dataDir = () => join(temporary.path, Math.random().toString(36).slice(2));

interface Starting {
  child: ChildProcess;
  dataDir: string;
  output: () => string;
}

/** A moment of the start, seen from outside. */
type Moment = (starting: Starting) => boolean;

const MOMENTS = {
  'the embedded database opens': ({ dataDir: directory }) => existsSync(join(directory, 'pglite.new')),
  'the embedded database is unpacked': ({ dataDir: directory }) => existsSync(join(directory, 'pglite')),
  'a command of the self-test runs': ({ child }) => procFile(child, `task/${child.pid}/children`) !== '',
  'it listens': ({ output }) => output().includes('"msg":"listening"'),
} satisfies Record<string, Moment>;

function procFile(child: ChildProcess, name: string): string {
  try {
    return readFileSync(`/proc/${child.pid}/${name}`, 'utf8').trim();
  } catch {
    return '';
  }
}

function start(args: string[], env: Record<string, string> = {}): Starting {
  const directory = dataDir();
  const child = spawn(process.execPath, [CRUSH, ...args, '--data-dir', directory], {
    env: cleanEnvironment(env),
    cwd: temporary.path,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const onData = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout?.on('data', onData);
  child.stderr?.on('data', onData);
  return { child, dataDir: directory, output: () => output };
}

async function until(moment: Moment, starting: Starting): Promise<void> {
  while (!moment(starting)) {
    if (starting.child.exitCode !== null) throw new Error(`ended early: ${starting.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function exitOf({ child }: Starting): Promise<{ code: number | null; signal: string | null }> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, signal: child.signalCode };
}

const CLEAN = { code: 0, signal: null };
const anyPorts = ['--http-port', '0', '--ws-port', '0'];

describe('a signal during the start ends the process cleanly', () => {
  it.each([
    { signal: 'SIGTERM', moment: 'the embedded database opens' },
    { signal: 'SIGINT', moment: 'the embedded database is unpacked' },
    { signal: 'SIGTERM', moment: 'a command of the self-test runs' },
    { signal: 'SIGINT', moment: 'it listens' },
  ] as const)('$signal to serve when $moment', async ({ signal, moment }) => {
    const starting = start(['serve', ...anyPorts]);
    await until(MOMENTS[moment], starting);
    starting.child.kill(signal);
    expect(await exitOf(starting), starting.output()).toEqual(CLEAN);
    if (moment !== 'it listens') expect(starting.output()).not.toContain('listening');
    expect(starting.output()).not.toMatch(/unexpected error|crush: /);
  });

  it('and its data can be used afterwards; what was given up is logged with its place in the sources', async () => {
    const starting = start(['serve', ...anyPorts, '--debug']);
    await until(MOMENTS['the embedded database opens'], starting);
    starting.child.kill();
    expect(await exitOf(starting)).toEqual(CLEAN);
    const [, row = '0'] = /src\/cli\/close-stack\.ts:(\d+):\d+/.exec(starting.output()) ?? [];
    const source = readFileSync(join(import.meta.dirname, '../../src/cli/close-stack.ts'), 'utf8');
    expect(source.split('\n')[Number(row) - 1]).toContain('new StoppedError()');
    expect(starting.output()).not.toMatch(/dist\/crush:\d/);
    const again = await startCrush(['serve', ...anyPorts, '--data-dir', starting.dataDir]);
    expect((await fetch(`${again.urls.http}/ready`)).status).toBe(200);
    expect(await again.stop()).toBe(0);
  });

  it('SIGTERM while the configuration is read', async () => {
    const fifo = join(temporary.path, 'config.fifo');
    execFileSync('mkfifo', [fifo]);
    const starting = start(['serve', ...anyPorts, '--config', fifo]);
    const writer = await open(fifo, 'w');
    starting.child.kill();
    await writer.close();
    expect(await exitOf(starting), starting.output()).toEqual(CLEAN);
    expect(existsSync(starting.dataDir)).toBe(false);
  });

  it.each(['http-server', 'ws-server', 'sandbox-server'] as const)('SIGTERM to %s', async (server) => {
    const database = await createPostgresTestDatabase(inject('postgresUrl'));
    try {
      const env = { DATABASE_URL: database.url, REDIS_URL: inject('redisUrl') };
      const flag = { 'http-server': '--http-port', 'ws-server': '--ws-port', 'sandbox-server': '--port' }[
        server
      ];
      const starting = start([server, flag, '0'], env);
      await until(MOMENTS['a command of the self-test runs'], starting);
      starting.child.kill();
      expect(await exitOf(starting), starting.output()).toEqual(CLEAN);
      expect(starting.output()).not.toContain('listening');
    } finally {
      await database.close();
    }
  });
});

describe('a store that accepts and never answers', () => {
  it('does not keep the process, and a second signal ends it at once', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const args = ['serve', ...anyPorts];
    const env = { DATABASE_URL: `postgres://crush@127.0.0.1:${port}/crush` };
    const connected = () => once(silent, 'connection');
    try {
      const patient = start(args, env);
      await connected();
      patient.child.kill();
      expect(await exitOf(patient), patient.output()).toEqual(CLEAN);
      const hurried = start(args, env);
      await connected();
      hurried.child.kill();
      while (!hurried.output().includes('stopping')) await new Promise((resolve) => setTimeout(resolve, 2));
      hurried.child.kill();
      expect(await exitOf(hurried)).toEqual({ code: 1, signal: null });
    } finally {
      silent.close();
    }
  });
});
