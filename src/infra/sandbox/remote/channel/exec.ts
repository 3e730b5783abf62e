import type { ExecRequest, ExecResult } from '#domain/workspace/index.ts';
import { WorkspaceError } from '#domain/workspace/index.ts';
import type { ChannelExec } from '../../wire/channel-wire.ts';
import { connectionLost } from '../failures.ts';
import { type ChannelLink, type Receiver, STOP_PATIENCE_MS } from './channel-link.ts';

export type RemoteCommand = Omit<ChannelExec, 'type' | 'id' | 'live'>;

/** Runs a command over an open channel; its signal ends it there. Throws `WorkspaceError`. */
export function remoteExec(
  link: ChannelLink,
  command: RemoteCommand,
  onOutput: ExecRequest['onOutput'],
  signal: AbortSignal,
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timer: NodeJS.Timeout | undefined;

    function settle(finish: () => void): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      link.forget(id);
      finish();
    }
    function stop(): void {
      link.send({ type: 'stop', id });
      timer = setTimeout(() => settle(() => reject(connectionLost())), STOP_PATIENCE_MS);
    }

    const receiver: Receiver = {
      reply(message) {
        if (message.type === 'error') {
          settle(() => reject(new WorkspaceError(message.code, message.error)));
        } else if (message.type === 'result') {
          const output = { stdout: textOf(stdout), stderr: textOf(stderr) };
          settle(() =>
            resolve({
              ...output,
              exitCode: message.exit_code,
              signal: message.signal,
              timedOut: message.timed_out,
              cancelled: message.cancelled,
              truncatedBytes: message.truncated_bytes,
              durationMs: message.duration_ms,
            }),
          );
        }
      },
      frame(kind, payload) {
        if (kind === 'kept_stdout') stdout.push(payload);
        else if (kind === 'kept_stderr') stderr.push(payload);
        else if (kind !== 'stdin') onOutput?.(kind, payload.toString('utf8'));
      },
      lost: (error) => settle(() => reject(error)),
    };
    const id = link.register(receiver);
    try {
      link.send({ type: 'exec', id, ...command, live: onOutput !== undefined });
      signal.addEventListener('abort', stop, { once: true });
    } catch (error) {
      settle(() => reject(error));
    }
  });
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
