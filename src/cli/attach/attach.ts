import { createTerminalClient, type TerminalEnd, type TerminalWish } from '#client/terminal-client.ts';
import { EXIT, FatalError } from '#config/errors.ts';
import type { Environment } from '#config/paths.ts';
import { systemClock } from '#shared/clock.ts';
import { isId } from '#shared/ids.ts';
import { errorMessage } from '#shared/text.ts';
import { resolveTarget } from '../chat/credentials.ts';
import { type ApiClient, createApiClient } from '../chat/link/api-client.ts';
import { dialServer } from '../chat/link/dial.ts';
import { revealLine } from '../chat/terminal/sanitize.ts';
import { type RawTerminal, takeTerminal } from './raw-terminal.ts';

const DEFAULT_PROJECT = 'default';
const SIGNALLED = 128;

export interface AttachFlags {
  place?: string;
  new?: boolean;
  server?: string;
  wsUrl?: string;
  email?: string;
  dataDir: string;
}

export interface AttachIo {
  process: Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'on' | 'off'>;
  env: Environment;
}

/** Shows a terminal until it ends or is left. Resolves with the exit code, the shell's own when it ended. Never rejects. */
export async function runAttach(flags: AttachFlags, io: AttachIo): Promise<number> {
  const { stderr } = io.process;
  try {
    return await attach(flags, io);
  } catch (error) {
    stderr.write(`crush: ${revealLine(errorMessage(error))}\n`);
    return error instanceof FatalError ? error.exitCode : EXIT.failure;
  }
}

async function attach(flags: AttachFlags, io: AttachIo): Promise<number> {
  const { stdin, stdout, stderr } = io.process;
  if (!stdin.isTTY || !stdout.isTTY) {
    throw new FatalError('attach needs a terminal; use `crush chat` with a prompt in scripts', EXIT.usage);
  }
  const target = await resolveTarget({ ...flags, prompt: [] }, io, null);
  const api = createApiClient({ server: target.server, login: target.login, fetch: globalThis.fetch });
  const leave = new AbortController();
  await api.signIn(leave.signal);
  const wish = await wishOf(api, flags, leave.signal);
  stderr.write('[crush: Ctrl-\\ detaches]\r\n');
  const terminal = takeTerminal(io.process, {
    onInput: (bytes) => client.input(bytes),
    onResize: () => client.resized(),
    onLeave: () => leave.abort(),
  });
  const client = createTerminalClient({
    url: target.socket,
    dial: dialServer,
    clock: systemClock,
    wish,
    token: () => api.token(),
    renewToken: (signal) => api.renewToken(signal),
    size: terminal.size,
    onOutput: terminal.show,
    onConnection: (state) =>
      terminal.notice(state === 'lost' ? 'connection lost, trying again …' : 'connected again'),
    signal: leave.signal,
  });
  try {
    return report(await client.ended, terminal);
  } finally {
    terminal.release();
  }
}

async function wishOf(api: ApiClient, flags: AttachFlags, signal: AbortSignal): Promise<TerminalWish> {
  const { place = DEFAULT_PROJECT } = flags;
  const projects = await api.listProjects(signal);
  const project =
    projects.find(({ name }) => name === place) ??
    projects.find(({ id }) => id === place) ??
    (flags.place === undefined ? projects[0] : undefined);
  if (!project && !isId(place)) {
    throw new FatalError(`there is no project ${place}; make one with \`crush chat --project ${place}\``);
  }
  const belongs = ({ project_id, session_id }: { project_id: string; session_id?: string }) =>
    project ? project_id === project.id : session_id === place;
  return {
    pick: (terminals) =>
      flags.new
        ? undefined
        : terminals.filter((one) => one.is_running && one.clients === 0 && belongs(one)).at(-1),
    ...(project ? { projectId: project.id } : { sessionId: place }),
  };
}

const WHY = {
  closed: 'it was closed',
  idle: 'nobody used it',
  time_limit: 'it has run for a day',
  access_revoked: 'your access was revoked',
  server_stopped: 'the server stops',
} as const;

function report(end: TerminalEnd, terminal: RawTerminal): number {
  terminal.release();
  if (end.kind === 'failed') throw new FatalError(revealLine(end.message), EXIT.unavailable);
  if (end.kind === 'detached') {
    terminal.notice('detached; `crush attach` comes back');
    return EXIT.ok;
  }
  if (end.reason) terminal.notice(`the terminal has ended: ${WHY[end.reason]}`);
  return end.exitCode ?? SIGNALLED;
}
