import type { ExecRequest } from '#domain/workspace/index.ts';
import { type ChannelExec, framePayloads } from '#infra/sandbox/wire/channel-wire.ts';
import { runTracked } from '../run.ts';
import { describeFailure, type RunDeps, type Running } from './running.ts';

/** Live output is a courtesy: it ends once this much waits for the caller. The result has head and tail anyway. */
const MAX_LIVE_BACKLOG_BYTES = 4 * 1024 * 1024;

export function startExec(request: ChannelExec, deps: RunDeps): Running {
  const controller = new AbortController();
  void run(request, deps, controller.signal).finally(deps.done);
  return {
    stop: () => controller.abort(),
    stdin: () => deps.violated('a command takes its input with its request'),
    endStdin: () => {},
    grant: () => {},
  };
}

async function run(request: ChannelExec, deps: RunDeps, signal: AbortSignal): Promise<void> {
  const { id } = request;
  const { outlet } = deps;
  try {
    const workspace = await deps.provider.open(request.project_id, request.root);
    const result = await runTracked(deps.activity, workspace, toExec(request, deps), signal);
    for (const piece of framePayloads(Buffer.from(result.stdout))) outlet.frame('kept_stdout', id, piece);
    for (const piece of framePayloads(Buffer.from(result.stderr))) outlet.frame('kept_stderr', id, piece);
    outlet.reply({
      type: 'result',
      id,
      exit_code: result.exitCode,
      signal: result.signal,
      timed_out: result.timedOut,
      cancelled: result.cancelled,
      truncated_bytes: result.truncatedBytes,
      duration_ms: result.durationMs,
    });
  } catch (error) {
    outlet.reply({ type: 'error', id, ...describeFailure(error, deps.log) });
  }
}

function toExec(request: ChannelExec, { outlet }: RunDeps): ExecRequest {
  let live = request.live;
  return {
    command: request.command,
    cwd: request.cwd,
    env: request.env,
    stdin: request.stdin,
    timeoutMs: request.timeout_ms,
    maxOutputBytes: request.max_output_bytes,
    onOutput: request.live
      ? (stream, text) => {
          live &&= outlet.buffered() < MAX_LIVE_BACKLOG_BYTES;
          if (live) outlet.frame(stream, request.id, Buffer.from(text));
        }
      : undefined,
  };
}
