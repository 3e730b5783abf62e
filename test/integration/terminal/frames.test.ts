import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { createJobRegistry, type JobRegistry } from '#ws/agent/index.ts';
import { createTerminalRegistry, type TerminalRegistry } from '#ws/terminal/index.ts';
import { createMemoryBus } from '../../../src/infra/memory/index.ts';
import type { SqlDatabase } from '../../../src/infra/postgres/index.ts';
import { createPostgresTestDatabase } from '../../harness/database.ts';
import { until } from '../../harness/until.ts';
import type { Client } from '../gateway/client.ts';
import { createWorld, type World } from '../gateway/world.ts';
import { hasBubblewrap, type Opened, openWorkspace } from '../sandbox/drivers.ts';

const SIZE = { rows: 24, cols: 80 };
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a terminal over a socket', () => {
  let database: SqlDatabase;
  let opened: Opened;
  let jobs: JobRegistry;
  let terminals: TerminalRegistry;
  let world: World;
  const bus = createMemoryBus();

  beforeAll(async () => {
    database = await createPostgresTestDatabase(inject('postgresUrl'));
    opened = await openWorkspace(hasBubblewrap ? {} : { driver: 'host' });
    jobs = createJobRegistry({ clock: systemClock, maxRunningPerUser: 50 });
    terminals = createTerminalRegistry({
      bus,
      record(sessionId, running) {
        const job = jobs.adopt(sessionId, { ...running, cwd: '/workspace' });
        return { jobId: job.id, output: (bytes) => job.stdout.push(bytes) };
      },
      clock: systemClock,
      log: silentLog,
    });
    world = await createWorld({ database, bus, terminals: { workspaces: opened.provider, terminals } });
  });
  afterAll(async () => {
    await world.close();
    await terminals.close();
    await jobs.close();
    await opened.close();
    await bus.close();
    await database.close();
  });

  async function newOwner() {
    const owner = await world.newUser();
    await opened.provider.create(owner.project.id, null);
    return owner;
  }

  function outputOf({ frames }: Client): string {
    const pieces = frames.flatMap((frame) => (frame.Type === 'terminal_output' ? [frame.data] : []));
    return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString();
  }

  const shows = (client: Client, text: string) =>
    until(
      () => outputOf(client).includes(text),
      `${text} in ${JSON.stringify(outputOf(client).slice(-500))}`,
    );

  it('is opened in a session, shown in a second tab, among the jobs, and ends with its code', async () => {
    const { token, session, project } = await newOwner();
    const client = await world.connect(token);
    client.send({ type: 'terminal_open', session_id: session.id, ...SIZE, ref: 'mine' });
    const { terminal, ref } = await client.next('terminal_attached');
    expect({ ref, terminal }).toMatchObject({
      ref: 'mine',
      terminal: { project_id: project.id, session_id: session.id, job_id: '001', ...SIZE, is_running: true },
    });
    const tab = await world.connect(token);
    tab.send({ type: 'terminal_list', project_id: project.id });
    expect((await tab.next('terminals')).terminals).toMatchObject([{ id: terminal.id, clients: 1 }]);
    tab.send({ type: 'terminal_attach', terminal_id: terminal.id, rows: 30, cols: 100 });
    await tab.next('terminal_attached');
    client.send({
      type: 'terminal_input',
      terminal_id: terminal.id,
      data: base64('stty size; echo é-$((1+1))\r'),
    });
    await shows(client, '30 100');
    await shows(client, 'é-2');
    await shows(tab, 'é-2');
    expect(jobs.get(session.id, '001')?.stdout.text()).toContain('é-2');
    client.send({ type: 'terminal_input', terminal_id: terminal.id, data: base64('exit 3\r') });
    expect(await tab.next('terminal_exit')).toMatchObject({ exit_code: 3, signal: null });
    expect(jobs.get(session.id, '001')?.exit()).toEqual({ exitCode: 3, signal: null });
  });

  it('outlives its socket, and a new one goes on where the old one was', async () => {
    const { token, project } = await newOwner();
    const client = await world.connect(token);
    client.send({ type: 'terminal_open', project_id: project.id, ...SIZE });
    const { terminal } = await client.next('terminal_attached');
    client.send({ type: 'terminal_input', terminal_id: terminal.id, data: base64('echo a-$((1+1))\r') });
    await shows(client, 'a-2');
    client.terminate();
    const mine = () => terminals.get(project.userId, terminal.id)?.view();
    await until(() => mine()?.clients === 0, 'the end of the first socket');
    const offset = mine()?.offset;
    const second = await world.connect(token);
    second.send({ type: 'terminal_attach', terminal_id: terminal.id, offset });
    expect((await second.next('terminal_attached')).offset).toBe(offset);
    second.send({ type: 'terminal_input', terminal_id: terminal.id, data: base64('echo b-$((1+1))\r') });
    await shows(second, 'b-2');
    expect(outputOf(second)).not.toContain('a-2');
    second.send({ type: 'terminal_close', terminal_id: terminal.id });
    expect(await second.next('terminal_exit')).toMatchObject({ reason: 'closed' });
  });

  it('of somebody else does not exist', async () => {
    const owner = await newOwner();
    const client = await world.connect(owner.token);
    client.send({ type: 'terminal_open', project_id: owner.project.id, ...SIZE });
    const { terminal } = await client.next('terminal_attached');
    const stranger = await world.connect((await newOwner()).token);
    const terminal_id = terminal.id;
    for (const frame of [
      { type: 'terminal_open', project_id: owner.project.id, ...SIZE },
      { type: 'terminal_open', session_id: owner.session.id, ...SIZE },
      { type: 'terminal_attach', terminal_id },
      { type: 'terminal_attach', terminal_id: newId() },
      { type: 'terminal_input', terminal_id, data: base64('echo stolen\r') },
      { type: 'terminal_resize', terminal_id, ...SIZE },
      { type: 'terminal_signal', terminal_id, signal: 'KILL' },
      { type: 'terminal_close', terminal_id },
    ]) {
      stranger.send({ ...frame, ref: frame.type });
      expect(await stranger.next('error')).toMatchObject({ code: 'not_found' });
    }
    stranger.send({ type: 'terminal_list' });
    expect((await stranger.next('terminals')).terminals).toEqual([]);
    expect(outputOf(stranger)).toBe('');
    expect(outputOf(client)).not.toContain('stolen');
    client.send({ type: 'terminal_close', terminal_id });
    await client.next('terminal_exit');
  });

  it.each([
    { type: 'terminal_open', project_id: newId(), rows: 0, cols: 80 },
    { type: 'terminal_open', project_id: newId(), rows: 24, cols: 1e9 },
    { type: 'terminal_resize', terminal_id: 'x', rows: '24; reboot', cols: 80 },
    { type: 'terminal_signal', terminal_id: 'x', signal: 'STOP -1' },
    { type: 'terminal_input', terminal_id: 'x', data: 'not base64!' },
    { type: 'terminal_ack', terminal_id: 'x', offset: -1 },
  ])('takes no $type that is not valid', async (frame) => {
    const { token } = await world.newUser();
    const client = await world.connect(token);
    client.send(frame);
    expect(await client.next('error')).toMatchObject({ code: 'invalid_input' });
  });

  it('takes keys faster than a socket takes other frames', async () => {
    const { token, project } = await newOwner();
    const client = await world.connect(token);
    client.send({ type: 'terminal_open', project_id: project.id, ...SIZE });
    const { terminal } = await client.next('terminal_attached');
    client.send({ type: 'terminal_input', terminal_id: terminal.id, data: base64('echo : ') });
    for (let key = 0; key < 300; key++) {
      client.send({ type: 'terminal_input', terminal_id: terminal.id, data: base64('k') });
    }
    client.send({
      type: 'terminal_input',
      terminal_id: terminal.id,
      data: base64(' | tr -d " :\\n" | wc -c\r'),
    });
    await shows(client, '\r300\r\n');
    for (let ping = 0; ping < 300; ping++) client.send({ type: 'ping' });
    expect(await client.closed).toBe(4013);
  });

  it('that floods a socket which reads nothing holds a window of it in memory', async () => {
    const { token, project } = await newOwner();
    const client = await world.connect(token);
    client.send({ type: 'terminal_open', project_id: project.id, ...SIZE });
    const { terminal } = await client.next('terminal_attached');
    client.pause();
    client.send({ type: 'terminal_input', terminal_id: terminal.id, data: base64('yes\r') });
    const mine = () => terminals.list(project.userId).find(({ id }) => id === terminal.id);
    await until(() => (mine()?.view().offset ?? 0) > 128 * 1024, 'a flood');
    expect(world.gateway.stats().bufferedBytes).toBeLessThan(128 * 1024);
    client.terminate();
    await mine()?.end('closed');
  });
});
