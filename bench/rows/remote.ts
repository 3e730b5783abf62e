import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { PlacementRepository, Workspace } from '#domain/workspace/index.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import {
  createRemoteWorkspaceProvider,
  type RemoteWorkspaceProvider,
} from '../../src/infra/sandbox/remote/index.ts';
import { freePort } from '../../test/harness/process.ts';
import type { Bench, BenchRow } from '../lib/bench.ts';
import { type Child, startNode, untilHealthy } from '../lib/child.ts';
import { interleave } from '../lib/interleave.ts';
import { openLocalWorkspaces } from '../lib/local-workspaces.ts';
import { compare, type Outcome } from '../lib/outcome.ts';

const ROUNDS = 100;
const WARM_UP = 10;
const LIMIT_MS = 5;

export const remoteRow: BenchRow = {
  name: 'remote',
  async run(bench) {
    const local = await openLocalWorkspaces(join(bench.services.directory, 'remote-baseline'));
    try {
      const { host, provider } = await openRemote(bench);
      try {
        const projectId = newId();
        await local.create(projectId, null);
        await provider.create(projectId, null);
        const near = await local.open(projectId, null);
        return [await execs(bench, near, await provider.open(projectId, null))];
      } finally {
        await provider.close();
        await host.close();
      }
    } finally {
      await local.close();
    }
  },
};

async function openRemote(bench: Bench): Promise<{ host: Child; provider: RemoteWorkspaceProvider }> {
  const { services, signal } = bench;
  const port = await freePort();
  const token = randomBytes(32).toString('hex');
  const program = await services.baselines.path('sandbox-host');
  const argv = [program, `${port}`, join(services.directory, 'remote'), token];
  const host = startNode({ name: 'sandbox-host', argv, directory: services.directory });
  try {
    await untilHealthy(host, port, signal);
  } catch (error) {
    await host.close();
    throw error;
  }
  const provider = createRemoteWorkspaceProvider({
    hosts: [`http://127.0.0.1:${port}`],
    token,
    placement: createPlacements(),
    allowUnisolated: false,
    log: silentLog,
  });
  return { host, provider };
}

/** What the database does; each project is asked for once. */
function createPlacements(): PlacementRepository {
  const places = new Map<string, string>();
  return {
    get: async (projectId) => places.get(projectId) ?? null,
    async put(projectId, host) {
      places.set(projectId, host);
      return host;
    },
    async remove(projectId) {
      places.delete(projectId);
    },
  };
}

async function execs({ signal }: Bench, near: Workspace, far: Workspace): Promise<Outcome> {
  const timeExec = async (workspace: Workspace) => {
    const startedAt = performance.now();
    const { exitCode } = await workspace.exec({ command: 'true' }, signal);
    if (exitCode !== 0) throw new Error(`the command ended with ${exitCode}`);
    return performance.now() - startedAt;
  };
  const pairs = await interleave({
    rounds: ROUNDS,
    warmUp: WARM_UP,
    signal,
    baseline: () => timeExec(near),
    measured: () => timeExec(far),
  });
  return compare({
    row: 'remote: bash -c true on a sandbox server',
    unit: 'ms',
    comparison: 'difference',
    pairs,
    goal: { at: 'most', limit: LIMIT_MS },
    note: 'baseline: the local driver',
  });
}
