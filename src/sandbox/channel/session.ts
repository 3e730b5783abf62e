import { z } from 'zod';
import type { WorkspaceProvider } from '#domain/workspace/index.ts';
import { ChannelRequest, decodeFrame } from '#infra/sandbox/wire/channel-wire.ts';
import type { Log } from '#shared/log.ts';
import type { Activity } from '../activity.ts';
import { type ChannelSocket, createOutlet } from './outlet.ts';
import type { RunDeps, Running } from './running.ts';
import { startExec } from './start-exec.ts';
import { startSpawn } from './start-spawn.ts';

const MAX_RUNNING = 512;
/** One project leaves room for others. */
const MAX_RUNNING_PER_PROJECT = 128;
const POLICY_VIOLATION = 1008;

const Numbered = z.object({ id: z.int().min(1).max(0xffff_ffff) });

export interface ChannelSessionDeps {
  provider: WorkspaceProvider;
  activity: Activity;
  socket: ChannelSocket;
  log: Log;
}

/** What one connected server runs here. It ends with the connection. */
export interface ChannelSession {
  onText(text: string): void;
  onBinary(bytes: Buffer): void;
  onClose(): void;
}

export function createChannelSession(deps: ChannelSessionDeps): ChannelSession {
  const { provider, activity, socket, log } = deps;
  const outlet = createOutlet(socket);
  const running = new Map<number, Running & { projectId: string }>();

  function violated(reason: string): void {
    log.warn({ reason }, 'channel closed: its caller breaks the rules');
    socket.close(POLICY_VIOLATION, reason);
  }

  /** Why nothing more of this project may run now, if so. */
  function fullness(projectId: string): string | null {
    if (running.size >= MAX_RUNNING) return 'Too many commands run at once.';
    let ofProject = 0;
    for (const process of running.values()) if (process.projectId === projectId) ofProject += 1;
    return ofProject < MAX_RUNNING_PER_PROJECT ? null : 'Too many commands of this project run at once.';
  }

  function begin(request: Extract<ChannelRequest, { type: 'exec' | 'spawn' | 'connect' }>): void {
    const { id } = request;
    if (running.has(id)) {
      violated('a number is used twice');
      return;
    }
    const full = fullness(request.project_id);
    if (full !== null) {
      outlet.reply({ type: 'error', id, code: 'unavailable', error: full });
      return;
    }
    const run: RunDeps = { provider, activity, outlet, log, violated, done: () => running.delete(id) };
    const started = request.type === 'exec' ? startExec(request, run) : startSpawn(request, run);
    running.set(id, { ...started, projectId: request.project_id });
  }

  function handle(request: ChannelRequest): void {
    if (request.type === 'exec' || request.type === 'spawn' || request.type === 'connect') {
      begin(request);
      return;
    }
    // Gone when it ended while the message was on its way.
    const process = running.get(request.id);
    if (request.type === 'stop') process?.stop();
    else if (request.type === 'stdin_end') process?.endStdin();
    else process?.grant(request.stream, request.bytes);
  }

  outlet.reply({ type: 'hello', driver: provider.driver, isolated: provider.isolated });
  return {
    onText(text) {
      const value = parse(text);
      const request = ChannelRequest.safeParse(value);
      if (request.success) return handle(request.data);
      const numbered = Numbered.safeParse(value);
      if (!numbered.success) return violated('a message is not valid');
      const { id } = numbered.data;
      // Its caller forgets it by this answer, so it must not go on.
      running.get(id)?.stop();
      outlet.reply({ type: 'error', id, code: 'refused', error: 'The request is not valid.' });
    },
    onBinary(bytes) {
      const frame = decodeFrame(bytes);
      if (frame === null || frame.kind !== 'stdin') return violated('a frame is not valid');
      // A process that has ended takes no input any more.
      running.get(frame.id)?.stdin(frame.payload);
    },
    onClose() {
      outlet.end();
      for (const process of running.values()) process.stop();
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
