import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '#domain/events/index.ts';
import type { Workspace } from '#domain/workspace/index.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { createTerminalRegistry, type TerminalLimits, type TerminalRegistry } from '#ws/terminal/index.ts';
import { createMemoryBus } from '../../../src/infra/memory/index.ts';
import { until } from '../../harness/until.ts';
import { hasBubblewrap, never, openWorkspace } from '../sandbox/drivers.ts';
import { openRemoteWorkspace } from '../sandbox-remote/world.ts';
import { openScreen } from './screen.ts';

const SIZE = { rows: 24, cols: 80 };
const PROMPT = /[$#] /;

interface Subject {
  workspace: Workspace;
  close(): Promise<void>;
}

const DRIVERS: Array<[string, () => Promise<Subject>]> = [
  ...(hasBubblewrap ? ([['bubblewrap', () => openWorkspace()]] as const) : []),
  ['host', () => openWorkspace({ driver: 'host' })],
  ['remote', () => openRemoteWorkspace()],
].map(([name, open]) => [name as string, open as () => Promise<Subject>]);

describe.each(DRIVERS)('a terminal by %s', (_name, openSubject) => {
  const userId = newId();
  let subject: Subject;
  let bus: Bus;
  let now = Date.now();
  const registries: TerminalRegistry[] = [];

  beforeAll(async () => {
    bus = createMemoryBus();
    subject = await openSubject();
  });
  afterEach(async () => {
    await Promise.all(registries.splice(0).map((registry) => registry.close()));
  });
  afterAll(async () => {
    await subject.close();
    await bus.close();
  });

  function registryOf(limits: Partial<TerminalLimits> = {}): TerminalRegistry {
    const registry = createTerminalRegistry({
      bus,
      record: () => ({ jobId: '001', output: () => {} }),
      limits: { tickMs: 10, ...limits },
      clock: { now: () => now },
      log: silentLog,
    });
    registries.push(registry);
    return registry;
  }

  async function openOne(limits: Partial<TerminalLimits> = {}) {
    const registry = registryOf(limits);
    const terminal = await registry.open({ userId, workspace: subject.workspace, size: SIZE });
    return { registry, terminal };
  }

  it('is a shell on a terminal of its size, whose jobs stop and go on, and ends with its code', async () => {
    const { terminal } = await openOne();
    const screen = openScreen(terminal);
    await screen.shows(PROMPT);
    screen.type("PS1='rea''dy> '\r");
    await screen.shows('ready> ');
    screen.type('stty size; test -t 0 && test -t 1 && echo is-$((1+1))-tty $TERM\r');
    await screen.shows('24 80');
    await screen.shows('is-2-tty xterm-256color');
    terminal.resize({ rows: 50, cols: 132 });
    screen.type('stty size\r');
    await screen.shows('50 132');
    await screen.shows('ready> ');
    screen.type('echo 1-$((1+1)); cat\r');
    await screen.shows('1-2');
    screen.type('before\r');
    await screen.shows(/before\r\nbefore/);
    screen.type('\x1a');
    await screen.shows('Stopped');
    await screen.shows('ready> ');
    screen.type('fg\r');
    await screen.shows(/cat\r\n/);
    screen.type('after\r');
    await screen.shows(/after\r\nafter/);
    screen.type('\x03');
    await screen.shows('ready> ');
    screen.type('echo 2-$((2+2)); cat\r');
    await screen.shows('2-4');
    screen.type('again\r');
    await screen.shows(/again\r\nagain/);
    terminal.signal('TERM');
    await screen.shows('Terminated');
    await screen.shows('ready> ');
    screen.type('exit 7\r');
    expect(await until(screen.exit, 'the end')).toEqual({ exitCode: 7, signal: null });
    expect(terminal.view().is_running).toBe(false);
  });

  it('carries all bytes in both directions, also a large paste into a slow reader', async () => {
    const { terminal } = await openOne();
    const screen = openScreen(terminal);
    await screen.shows(PROMPT);
    const bytes = randomBytes(400_000);
    screen.type(
      `stty raw -echo; echo ready-$((1+1)); sleep 0.3; head -c ${bytes.length} | tee copy | sha256sum; stty sane\r`,
    );
    await screen.shows('ready-2');
    for (let at = 0; at < bytes.length; at += 32_768) terminal.input(bytes.subarray(at, at + 32_768));
    await screen.shows(createHash('sha256').update(bytes).digest('hex'));
    screen.type('stty raw; printf BEG; echo IN; cat copy; echo; echo E""ND; stty sane\r');
    await screen.shows('\nEND');
    const all = screen.bytes();
    const from = all.lastIndexOf('BEGIN\n') + 6;
    expect(all.subarray(from, from + bytes.length).equals(bytes)).toBe(true);
    const { entries } = await subject.workspace.list('.', 10, never());
    expect(entries.find(({ path }) => path.endsWith('copy'))?.size).toBe(bytes.length);
  });

  it('lets its program wait for a client that lags, and keeps no more than its scrollback', async () => {
    const { terminal } = await openOne();
    const screen = openScreen(terminal, { stalled: true });
    screen.type('yes 0123456789\r');
    await until(() => screen.bytes().length >= 64 * 1024, 'a full window');
    let last = -1;
    await until(() => {
      const { offset } = terminal.view();
      const stands = offset === last;
      last = offset;
      return stands && offset > 128 * 1024;
    }, 'the program to wait');
    expect(screen.bytes().length).toBe(64 * 1024);
    expect(last).toBeLessThan(256 * 1024);
    screen.resume();
    await until(() => terminal.view().offset > last + 512 * 1024, 'the program to go on');
    screen.type('\x03');
    await screen.shows(PROMPT);
  });

  it('detaches a client that does not go on, and its program with it no longer', async () => {
    const { terminal } = await openOne({ lagMs: 1_000 });
    const stalled = openScreen(terminal, { stalled: true });
    const other = openScreen(terminal);
    other.type('seq 1 200000; echo d""one\r');
    await until(() => terminal.view().offset > 128 * 1024, 'much output');
    now += 2_000;
    await until(stalled.dropped, 'the detachment');
    await other.shows('\ndone');
    expect(terminal.view().clients).toBe(1);
  });

  it('shows what is kept to a client that comes back', async () => {
    const { registry, terminal } = await openOne();
    const first = openScreen(terminal);
    await first.shows(PROMPT);
    first.type('echo one-$((1+1))\r');
    await first.shows('one-2');
    const position = terminal.view().offset;
    first.attachment.detach();
    terminal.input(Buffer.from('echo two-$((1+1)); exit\r'));
    await until(() => !terminal.view().is_running, 'the end');
    const again = registry.get(userId, terminal.id);
    expect(again).toBe(terminal);
    expect(registry.get(newId(), terminal.id)).toBeNull();
    const whole = openScreen(terminal);
    expect(whole.text()).toMatch(/one-2[\s\S]*two-2/);
    expect(whole.exit()).toEqual({ exitCode: 0, signal: null });
    const rest = openScreen(terminal, { from: position });
    expect(rest.text()).not.toContain('one-2');
    expect(rest.text()).toContain('two-2');
  });

  it('ends without a client after a while, with its user’s access, its project and the server', async () => {
    const registry = registryOf({ perUser: 3 });
    const open = (user = userId) => registry.open({ userId: user, workspace: subject.workspace, size: SIZE });
    const [left, shown, project] = await Promise.all([open(), open(), open(newId())]);
    const screen = openScreen(shown);
    const other = openScreen(project);
    await screen.shows(PROMPT);
    now += 31 * 60_000;
    await until(() => !left.view().is_running, 'the end of the one without a client');
    expect(shown.view().is_running).toBe(true);
    await bus.publish('access_revoked', { userId, loginSessionId: newId(), reason: 'logout' });
    await bus.publish('access_revoked', { userId, reason: 'revoked' });
    expect(await until(screen.exit, 'the end')).toMatchObject({ reason: 'access_revoked' });
    expect(project.view().is_running).toBe(true);
    await bus.publish('project_deleted', { projectId: subject.workspace.projectId });
    expect(await until(other.exit, 'the end')).toMatchObject({ reason: 'closed' });
    const last = openScreen(await open());
    await registry.close();
    expect(last.exit()).toMatchObject({ reason: 'server_stopped' });
    await expect(open()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is refused to a user who has too many', async () => {
    const registry = registryOf({ perUser: 2 });
    const open = (user = userId) => registry.open({ userId: user, workspace: subject.workspace, size: SIZE });
    const results = await Promise.allSettled([open(), open(), open()]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expect(open()).rejects.toMatchObject({ code: 'too_many_requests' });
    const [one] = registry.list(userId);
    await one?.end('closed');
    await open();
    expect(registry.list(userId).filter((each) => each.view().is_running)).toHaveLength(2);
  });
});
