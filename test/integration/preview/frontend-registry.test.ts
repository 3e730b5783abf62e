import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DomainError } from '#domain/errors.ts';
import type { FrontendRequest, FrontendStatus } from '#domain/frontend/index.ts';
import { WorkspaceError } from '#domain/workspace/index.ts';
import type { FrontendLimits } from '#http/frontend/limits.ts';
import { createFrontendRegistry, type FrontendRegistry } from '#http/frontend/registry.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { createMemoryBus } from '../../../src/infra/memory/index.ts';
import { createDirectoryWorkspace, type DirectoryWorkspace } from '../../doubles/directory-workspace.ts';
import { until } from '../../harness/until.ts';

const FAST: Partial<FrontendLimits> = {
  firstDelayMs: 5,
  longestDelayMs: 10,
  firstProbeMs: 5,
  longestProbeMs: 20,
};

let workspace: DirectoryWorkspace;
let registry: FrontendRegistry;
let bus: ReturnType<typeof createMemoryBus>;
let refused: string | null;
let opened: number;
const userId = newId();
const projectId = newId();

function open(limits: Partial<FrontendLimits> = {}): void {
  registry = createFrontendRegistry({
    workspaces: {
      async open() {
        opened += 1;
        return workspace;
      },
    },
    async check() {
      if (refused !== null) throw new DomainError('not_found', refused);
    },
    bus,
    limits: { ...FAST, ...limits },
    clock: systemClock,
    log: silentLog,
  });
}

beforeEach(async () => {
  workspace = createDirectoryWorkspace(await mkdtemp(join(tmpdir(), 'crush-frontend-')), projectId);
  bus = createMemoryBus();
  refused = null;
  opened = 0;
});
afterEach(async () => {
  await registry.close();
  expect(workspace.running()).toBe(0);
  await bus.close();
  await workspace.close();
  await rm(workspace.directory, { recursive: true });
});

function start(command: string, more: Partial<FrontendRequest> = {}): FrontendStatus {
  return registry.start({ projectId, userId, workspaceRoot: null, command, port: null, ...more });
}
const status = (id = projectId) => registry.get(id) as FrontendStatus;
const reached = (state: FrontendStatus['state'], id = projectId) =>
  until(() => status(id).state === state, `the state ${state}`);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const SERVER = `exec node -e "require('node:http').createServer((q,r)=>r.end('hi')).listen(process.env.PORT,'127.0.0.1')"`;

describe('a start command', () => {
  it('is told its port, and runs once that accepts', async () => {
    open();
    const port = await freePort();
    expect(start(SERVER, { port })).toMatchObject({ state: 'starting', port, restarts: 0 });
    await reached('running');
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.destroy();
  });

  it('does not run while its port is closed', async () => {
    open();
    start('echo up; exec sleep 60', { port: await freePort() });
    await until(() => status().log === 'up\n', 'its output');
    expect(status().state).toBe('starting');
  });

  it('runs when it has begun where no port is named, without PORT', async () => {
    open();
    start('echo "port=[$PORT]" >&2; exec sleep 60');
    await reached('running');
    await until(() => status().log === 'port=[]\n', 'its output');
  });

  it('is started again when it ends, and given up after five quick failures in a row', async () => {
    open();
    start('echo one more; exit 3');
    await reached('failed');
    expect(status()).toMatchObject({ exitCode: 3, restarts: 4 });
    expect(status().problem).toBe(
      'Given up after 5 quick failures in a row; the last time it ended with exit code 3',
    );
    expect(status().log).toBe('one more\n'.repeat(5));
    start('exec sleep 60');
    await reached('running');
    expect(status()).toMatchObject({ exitCode: null, restarts: 0, problem: null, log: '' });
  });

  it('that runs for longer between is started again without end', async () => {
    open({ quickMs: 0 });
    start('exit 1');
    await until(() => status().restarts >= 7, 'more restarts than quick failures are allowed');
    expect(status().state).not.toBe('failed');
  });

  it('tells why it waits', async () => {
    open({ firstDelayMs: 60_000 });
    start('kill -9 $$');
    await until(() => status().problem !== null, 'the problem');
    expect(status()).toMatchObject({
      state: 'starting',
      signal: 'SIGKILL',
      problem: 'The last time it was ended by SIGKILL; it is started again after 60 s',
    });
  });

  it('is tried again while its workspace is out of reach', async () => {
    open();
    const { spawn } = workspace;
    workspace.spawn = async () => {
      workspace.spawn = spawn;
      throw new WorkspaceError('unavailable', 'The sandbox server does not answer');
    };
    start('exec sleep 60');
    await reached('running');
    expect(status().restarts).toBe(1);
    expect(opened).toBe(2);
  });

  it('is stopped with what it started, and stays so', async () => {
    open();
    start('sleep 60 & sleep 60 & wait');
    await reached('running');
    await registry.stop(projectId);
    expect(status()).toMatchObject({ state: 'stopped', exitCode: null, restarts: 0, problem: null });
    expect(workspace.running()).toBe(0);
    await registry.stop(projectId);
    await registry.stop(newId());
  });

  it('is stopped while it waits to be started again', async () => {
    open({ firstDelayMs: 60_000 });
    start('exit 1');
    await until(() => status().problem !== null, 'the wait');
    await registry.stop(projectId);
    expect(status()).toMatchObject({ state: 'stopped', exitCode: 1 });
  });

  it('keeps the end of its output within bounds', async () => {
    open({ logBytes: 100 });
    start('for n in $(seq 100); do echo "line $n"; done; exec sleep 60');
    await until(() => status().log.endsWith('line 100\n'), 'the last line');
    expect(Buffer.byteLength(status().log)).toBeLessThanOrEqual(100);
    expect(status().log.startsWith('line ')).toBe(true);
  });

  it('is one of its project, and one of so many of its user', async () => {
    open({ perUser: 2 });
    start('exec sleep 60');
    expect(() => start('exec sleep 60')).toThrow(expect.objectContaining({ code: 'conflict' }));
    start('exec sleep 60', { projectId: newId() });
    expect(() => start('exec sleep 60', { projectId: newId() })).toThrow(
      expect.objectContaining({ code: 'too_many_requests' }),
    );
    start('exec sleep 60', { projectId: newId(), userId: newId() });
    await registry.stop(projectId);
    start('exec sleep 60', { projectId: newId() });
  });

  it('ends with its project and with the access of its user', async () => {
    open();
    const second = newId();
    start('exec sleep 60');
    start('exec sleep 60', { projectId: second });
    await Promise.all([reached('running'), reached('running', second)]);
    await bus.publish('access_revoked', { userId, loginSessionId: newId(), reason: 'logout' });
    await bus.publish('project_deleted', { projectId });
    await reached('stopped');
    expect(status().problem).toBe('This project is being deleted');
    expect(status(second).state).toBe('running');
    await bus.publish('access_revoked', { userId, reason: 'revoked' });
    await reached('stopped', second);
  });

  it('ends although no hint came', async () => {
    open({ freshMs: 5 });
    start('exec sleep 60');
    await reached('running');
    refused = 'Project not found';
    await reached('stopped');
    expect(status().problem).toBe('Project not found');
  });

  it('is not started again when it may not, and not at all by a server that closes', async () => {
    open();
    refused = 'Project not found';
    start('exit 1');
    await reached('stopped');
    expect(opened).toBe(1);
    await registry.close();
    expect(() => start('exec sleep 60')).toThrow(expect.objectContaining({ code: 'draining' }));
  });

  it('is forgotten some time after its end', async () => {
    open({ freshMs: 5, keepEndedMs: 1 });
    start('exec sleep 60');
    await registry.stop(projectId);
    await until(() => registry.get(projectId) === null, 'to be forgotten');
  });

  it('is forgotten when many of its user have ended since', async () => {
    open({ endedPerUser: 1 });
    start('exec sleep 60');
    await registry.stop(projectId);
    const second = newId();
    start('exec sleep 60', { projectId: second });
    await registry.stop(second);
    await until(() => registry.get(projectId) === null, 'the first to be forgotten');
    expect(status(second).state).toBe('stopped');
  });
});
