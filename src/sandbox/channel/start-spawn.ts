import { type Duplex, Readable } from 'node:stream';
import type { Workspace, WorkspaceProcess } from '#domain/workspace/index.ts';
import {
  CHANNEL_WINDOW_BYTES,
  type ChannelConnect,
  type ChannelSpawn,
} from '#infra/sandbox/wire/channel-wire.ts';
import { createPump, type Pump } from './pump.ts';
import { describeFailure, type RunDeps, type Running } from './running.ts';

type OutputName = 'stdout' | 'stderr';

/** A process whose standard streams travel over the channel, each within what its reader has granted. */
export function startSpawn(request: ChannelSpawn | ChannelConnect, deps: RunDeps): Running {
  const { id } = request;
  const { outlet } = deps;
  const pumps = new Map<OutputName, Pump>();
  let child: WorkspaceProcess | null = null;
  let stopped = false;
  let unwritten = 0;

  function stop(): void {
    stopped = true;
    for (const pump of pumps.values()) pump.discardBeyondGrant();
    void child?.kill();
  }

  async function run(): Promise<void> {
    const workspace = await deps.provider.open(request.project_id, request.root);
    child = await begin(workspace, request);
    const end = deps.activity.begin(request.project_id, stop);
    try {
      child.stdin.on('error', () => {});
      outlet.reply({ type: 'spawned', id });
      for (const name of ['stdout', 'stderr'] as const) pumps.set(name, pump(child[name], name));
      if (stopped) stop();
      const { exitCode, signal } = await child.exited;
      outlet.reply({ type: 'exit', id, exit_code: exitCode, signal });
    } finally {
      end();
    }
  }

  function pump(stream: Readable, name: OutputName): Pump {
    return createPump(stream, {
      data: (bytes) => outlet.frame(name, id, bytes),
      end: () => outlet.reply({ type: 'end', id, stream: name }),
    });
  }

  void run()
    .catch((error: unknown) => outlet.reply({ type: 'error', id, ...describeFailure(error, deps.log) }))
    .finally(deps.done);

  return {
    stop,
    stdin(payload) {
      unwritten += payload.length;
      if (child === null || unwritten > CHANNEL_WINDOW_BYTES) {
        deps.violated('more input than was granted');
        return;
      }
      // Called also when the process no longer reads: then the input is lost, as with a pipe.
      child.stdin.write(payload, () => {
        unwritten -= payload.length;
        if (payload.length > 0) outlet.reply({ type: 'credit', id, bytes: payload.length });
      });
    },
    endStdin: () => void child?.stdin.end(),
    grant: (name, bytes) => pumps.get(name)?.grant(bytes),
  };
}

function begin(workspace: Workspace, request: ChannelSpawn | ChannelConnect): Promise<WorkspaceProcess> {
  if (request.type === 'connect') return workspace.connect(request.port).then(asProcess);
  const { argv, cwd, env } = request;
  return workspace.spawn({ argv, cwd, env });
}

/** A connection ends when both sides have closed it, or one has cut it. */
function asProcess(connection: Duplex): WorkspaceProcess {
  connection.on('error', () => {});
  const exited = new Promise<{ exitCode: number; signal: null }>((resolve) => {
    connection.once('close', () => resolve({ exitCode: 0, signal: null }));
    if (connection.destroyed) resolve({ exitCode: 0, signal: null });
  });
  return {
    stdin: connection,
    stdout: connection,
    stderr: Readable.from([]),
    exited,
    async kill() {
      connection.destroy();
      await exited;
    },
  };
}
