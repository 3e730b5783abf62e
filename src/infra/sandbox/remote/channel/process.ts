import { Duplex, type Writable } from 'node:stream';
import { WorkspaceError, type WorkspaceProcess } from '#domain/workspace/index.ts';
import { deferred } from '#shared/async/deferred.ts';
import type { ChannelConnect, ChannelSpawn } from '../../wire/channel-wire.ts';
import { type ChannelLink, type Receiver, STOP_PATIENCE_MS } from './channel-link.ts';
import { createRemoteInput } from './input.ts';
import { createRemoteOutput } from './output.ts';

export type RemoteProgram = Omit<ChannelSpawn, 'type' | 'id'>;
type RemoteStart = Omit<ChannelSpawn, 'id'> | Omit<ChannelConnect, 'id'>;

type Exit = Awaited<WorkspaceProcess['exited']>;

/** Starts a program over an open channel. When the channel is lost the process counts as killed. */
export function remoteSpawn(link: ChannelLink, program: RemoteProgram): Promise<WorkspaceProcess> {
  return start(link, { type: 'spawn', ...program });
}

/** Connects to a port inside of the project. Destroying the stream ends the connection. */
export async function remoteConnect(
  link: ChannelLink,
  place: Omit<ChannelConnect, 'type' | 'id'>,
): Promise<Duplex> {
  const { stdin: writable, stdout: readable, kill } = await start(link, { type: 'connect', ...place });
  const connection = Duplex.from({ readable, writable });
  connection.once('close', () => void kill());
  return connection;
}

async function start(link: ChannelLink, request: RemoteStart): Promise<WorkspaceProcess> {
  const started = deferred<void>();
  const exited = deferred<Exit>();
  const input = createRemoteInput({
    frame: (payload) => link.frame('stdin', id, payload),
    end: () => link.send({ type: 'stdin_end', id }),
  });
  const outputs = {
    stdout: createRemoteOutput((bytes) => link.send({ type: 'credit', id, stream: 'stdout', bytes })),
    stderr: createRemoteOutput((bytes) => link.send({ type: 'credit', id, stream: 'stderr', bytes })),
  };

  function end(exit: Exit): void {
    link.forget(id);
    input.close();
    outputs.stdout.end();
    outputs.stderr.end();
    exited.resolve(exit);
  }

  const receiver: Receiver = {
    reply(message) {
      if (message.type === 'spawned') started.resolve();
      else if (message.type === 'credit') input.grant(message.bytes);
      else if (message.type === 'end') outputs[message.stream].end();
      else if (message.type === 'exit') end({ exitCode: message.exit_code, signal: message.signal });
      else if (message.type === 'error') {
        started.reject(new WorkspaceError(message.code, message.error));
        end({ exitCode: null, signal: null });
      }
    },
    frame(kind, payload) {
      if (kind === 'stdout' || kind === 'stderr') outputs[kind].push(payload);
    },
    lost(error) {
      started.reject(error);
      end({ exitCode: null, signal: 'SIGKILL' });
    },
  };
  const id = link.register(receiver);
  try {
    link.send({ id, ...request });
  } catch (error) {
    link.forget(id);
    throw error;
  }
  await started.promise;

  let killing: Promise<void> | null = null;
  async function kill(): Promise<void> {
    link.send({ type: 'stop', id });
    const timer = setTimeout(() => end({ exitCode: null, signal: 'SIGKILL' }), STOP_PATIENCE_MS);
    await exited.promise;
    clearTimeout(timer);
  }
  return {
    stdin: input.stream satisfies Writable,
    stdout: outputs.stdout.stream,
    stderr: outputs.stderr.stream,
    exited: exited.promise,
    kill: () => {
      killing ??= kill();
      return killing;
    },
  };
}
