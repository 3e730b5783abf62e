import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FrontendStatus } from '#domain/frontend/index.ts';
import { createFrontendRegistry, type FrontendRegistry } from '#http/frontend/registry.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import { until } from '../../harness/until.ts';
import { hasBubblewrap, openWorkspace } from '../sandbox/drivers.ts';
import { openRemoteWorkspace } from '../sandbox-remote/world.ts';
import { createPreviewWorld, type PreviewWorld } from './world.ts';

type Subject = Awaited<ReturnType<typeof openWorkspace>> | Awaited<ReturnType<typeof openRemoteWorkspace>>;

const DRIVERS: Array<[string, () => Promise<Subject>]> = [
  ...(hasBubblewrap
    ? ([['bubblewrap', () => openWorkspace()]] as Array<[string, () => Promise<Subject>]>)
    : []),
  ['remote', () => openRemoteWorkspace()],
  ['host', () => openWorkspace({ driver: 'host' })],
];

const APP = `
const { createServer } = require('node:http');
const { appendFileSync } = require('node:fs');
appendFileSync('lives.txt', 'x');
createServer((request, response) => {
  if (request.url === '/crash') process.exit(7);
  response.end('on ' + process.env.PORT);
}).listen(process.env.PORT, '127.0.0.1', () => console.log('ready'));
`;

/** Without isolation it is one of this machine's. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.each(DRIVERS)('the start command of a project by %s', (_name, openSubject) => {
  let subject: Subject;
  let world: PreviewWorld;
  let port: number;
  let frontends: FrontendRegistry;
  beforeAll(async () => {
    subject = await openSubject();
    port = await freePort();
    await subject.workspace.write('app.cjs', Buffer.from(APP));
    world = await createPreviewWorld({ subject, layout: 'own' });
    frontends = createFrontendRegistry({
      workspaces: subject.provider,
      async check() {},
      bus: world.bus,
      limits: { firstDelayMs: 20, quickMs: 0 },
      clock: systemClock,
      log: silentLog,
    });
  });
  afterAll(async () => {
    await frontends.close();
    await world.close();
    await subject.close();
  });

  const status = () => frontends.get(world.project.id) as FrontendStatus;
  const lives = async () => (await subject.workspace.read('lives.txt')).bytes.length;
  const listens = async () => {
    try {
      (await subject.workspace.connect(port)).destroy();
      return true;
    } catch {
      return false;
    }
  };
  function start(): void {
    const { id: projectId, userId, workspaceRoot } = world.project;
    // The second child shows that an end is the end of all of it.
    const command = 'sleep 3600 & node app.cjs';
    frontends.start({ projectId, userId, workspaceRoot, command, port });
  }

  it('is shown by the preview, is started again when it crashes, and ends when it is stopped', async () => {
    start();
    await until(() => status().state === 'running', 'the state running');
    expect((await world.ask('/', { appPort: port })).body.toString()).toBe(`on ${port}`);
    await world.ask('/crash', { appPort: port });
    await until(async () => (await lives()) === 2 && status().state === 'running', 'its second life');
    expect(status()).toMatchObject({ restarts: 1, exitCode: 7, problem: null });
    expect((await world.ask('/', { appPort: port })).body.toString()).toBe(`on ${port}`);
    expect(status().log).toBe('ready\nready\n');
    await frontends.stop(world.project.id);
    expect(status()).toMatchObject({ state: 'stopped' });
    expect(await listens()).toBe(false);
    expect(await lives()).toBe(2);
  });

  it('ends with the access of its user, and with the server', async () => {
    start();
    await until(() => status().state === 'running', 'the state running');
    await world.bus.publish('access_revoked', { userId: world.userId, reason: 'revoked' });
    await until(() => status().state === 'stopped', 'its end');
    expect(await listens()).toBe(false);
    start();
    await until(() => status().state === 'running', 'the state running');
    await frontends.close();
    expect(status()).toMatchObject({ state: 'stopped', problem: 'The server was stopped' });
    expect(await listens()).toBe(false);
  });
});
