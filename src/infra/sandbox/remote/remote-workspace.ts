import { z } from 'zod';
import {
  cancelledBeforeStart,
  type ExecRequest,
  type ExecResult,
  type Workspace,
  WorkspaceError,
} from '#domain/workspace/index.ts';
import { unlessAborted } from '#shared/async/unless-aborted.ts';
import {
  HostFileStat,
  HostGlob,
  HostGrep,
  HostList,
  HostPath,
  HostStat,
  HostTree,
} from '../wire/host-wire.ts';
import { remoteExec } from './channel/exec.ts';
import { remoteConnect, remoteSpawn } from './channel/process.ts';
import type { SandboxHost } from './host.ts';

const MAX_LIMIT = 1_000_000;
const MAX_PATH_BYTES = 4096;

export const Done = z.object({ status: z.literal('ok') });

/** The address of a project on its host, with what else the query holds. */
export function projectPath(
  projectId: string,
  root: string | null,
  what = '',
  query: Record<string, string | number | undefined> = {},
): string {
  const given = new URLSearchParams(root === null ? {} : { root });
  for (const [key, value] of Object.entries(query)) if (value !== undefined) given.set(key, String(value));
  return `/v1/projects/${projectId}${what}?${given}`;
}

/** A workspace on a sandbox host: files over HTTP, processes over the host's channel. */
export function createRemoteWorkspace(host: SandboxHost, projectId: string, root: string | null): Workspace {
  const at = (what: string, query: Record<string, string | number | undefined>) => {
    if (Buffer.byteLength(String(query.path ?? '')) > MAX_PATH_BYTES) {
      throw new WorkspaceError('refused', 'The path is too long.');
    }
    return projectPath(projectId, root, what, query);
  };
  const search = <S extends z.ZodType, R extends { limit: number }>(
    what: string,
    asked: R,
    schema: S,
    signal: AbortSignal | undefined,
  ) => {
    const json = { ...asked, limit: Math.min(asked.limit, MAX_LIMIT) };
    const path = projectPath(projectId, root, what);
    return host.json({ method: 'POST', path, json, readOnly: true, signal }, schema);
  };

  return {
    projectId,
    exec: (request, signal) => exec(host, { project_id: projectId, root }, request, signal),
    async spawn({ argv, cwd, env }) {
      return remoteSpawn(await host.channel(), { project_id: projectId, root, argv, cwd, env });
    },
    async connect(port) {
      return remoteConnect(await host.channel(), { project_id: projectId, root, port });
    },
    async stat(path, signal) {
      const request = { method: 'GET', path: at('/stat', { path }), readOnly: true, signal } as const;
      return (await host.json(request, HostStat)).stat;
    },
    async resolve(path, signal) {
      const request = { method: 'GET', path: at('/resolve', { path }), readOnly: true, signal } as const;
      return (await host.json(request, HostPath)).path;
    },
    async read(path, { offset, limit } = {}, signal) {
      const query = { path, offset, limit };
      return host.file({ method: 'GET', path: at('/file', query), readOnly: true, signal });
    },
    async write(path, bytes, signal) {
      const request = { method: 'PUT', path: at('/file', { path }), bytes, readOnly: false, signal } as const;
      return host.json(request, HostFileStat);
    },
    async list(path, limit, signal) {
      const query = { path, limit: Math.min(limit, MAX_LIMIT) };
      return host.json({ method: 'GET', path: at('/list', query), readOnly: true, signal }, HostList);
    },
    tree: (path, options, signal) => search('/tree', { path, ...options }, HostTree, signal),
    glob: (pattern, options, signal) => search('/glob', { pattern, ...options }, HostGlob, signal),
    grep: (pattern, options, signal) => search('/grep', { pattern, ...options }, HostGrep, signal),
    async remove(path, signal) {
      await host.json({ method: 'DELETE', path: at('/file', { path }), readOnly: false, signal }, Done);
    },
  };
}

async function exec(
  host: SandboxHost,
  place: { project_id: string; root: string | null },
  request: ExecRequest,
  signal: AbortSignal,
): Promise<ExecResult> {
  const startedAt = performance.now();
  if (signal.aborted) return cancelledBeforeStart(startedAt);
  const channel = await unlessAborted(host.channel(), signal);
  if (channel === null) return cancelledBeforeStart(startedAt);
  const { command, cwd, env, stdin, timeoutMs, maxOutputBytes, onOutput } = request;
  const remote = {
    ...place,
    command,
    cwd,
    env,
    stdin,
    timeout_ms: timeoutMs,
    max_output_bytes: maxOutputBytes,
  };
  return remoteExec(channel, remote, onOutput, signal);
}
