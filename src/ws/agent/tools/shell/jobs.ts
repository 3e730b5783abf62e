import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { type Workspace, WorkspaceError, type WorkspaceProcess } from '#domain/workspace/index.ts';
import type { Clock } from '#shared/clock.ts';
import { createOutputBuffer, type OutputBuffer } from './output-buffer.ts';

const MAX_JOBS_PER_SESSION = 50;
const KEEP_FINISHED_MS = 480 * 60_000;

export interface JobRequest {
  command: string;
  description: string;
  cwd: string;
  env: Record<string, string>;
}

export interface JobExit {
  exitCode: number | null;
  signal: string | null;
}

export interface Job {
  /** Three upper-case hexadecimal digits, unique within the session. */
  readonly id: string;
  readonly command: string;
  readonly description: string;
  readonly cwd: string;
  readonly startedAt: number;
  readonly stdout: OutputBuffer;
  readonly stderr: OutputBuffer;
  /** Null while it runs. */
  exit(): JobExit | null;
  /** Resolves when the process has ended and its output is complete. */
  readonly done: Promise<JobExit>;
  onOutput: (() => void) | null;
  kill(): Promise<void>;
}

/** Commands of sessions, in the background or on their way to it. */
export interface JobRegistry {
  /** Throws `WorkspaceError` when the session already has too many. */
  start(sessionId: string, workspace: Workspace, request: JobRequest): Promise<Job>;
  get(sessionId: string, id: string): Job | null;
  /** Those that are still remembered, oldest first. */
  list(sessionId: string): Job[];
  remove(sessionId: string, id: string): void;
  /** Kills and forgets all jobs of a session. */
  closeSession(sessionId: string): Promise<void>;
  close(): Promise<void>;
}

export function createJobRegistry({ clock }: { clock: Clock }): JobRegistry {
  const sessions = new Map<
    string,
    { jobs: Map<string, Job & { endedAt: number | null }>; counter: number }
  >();
  let closed = false;

  function forget(sessionId: string): void {
    const session = sessions.get(sessionId);
    if (!session) return;
    const limit = clock.now() - KEEP_FINISHED_MS;
    for (const [id, job] of session.jobs) {
      if (job.endedAt !== null && job.endedAt < limit) session.jobs.delete(id);
    }
  }

  async function closeSession(sessionId: string): Promise<void> {
    const session = sessions.get(sessionId);
    sessions.delete(sessionId);
    await Promise.allSettled([...(session?.jobs.values() ?? [])].map((job) => job.kill()));
  }

  return {
    async start(sessionId, workspace, request) {
      if (closed) throw new WorkspaceError('unavailable', 'The server is shutting down');
      forget(sessionId);
      const session = sessions.get(sessionId) ?? { jobs: new Map(), counter: 0 };
      if (session.jobs.size >= MAX_JOBS_PER_SESSION) {
        throw new WorkspaceError(
          'refused',
          `This session already has ${MAX_JOBS_PER_SESSION} jobs; end one with job_kill`,
        );
      }
      sessions.set(sessionId, session);
      session.counter += 1;
      const id = session.counter.toString(16).toUpperCase().padStart(3, '0');
      const process = await workspace.spawn({
        // Bash takes a socket as standard input for a remote login and would read start-up files.
        argv: ['/bin/bash', '--noprofile', '--norc', '-c', request.command],
        cwd: request.cwd,
        env: request.env,
      });
      const job = createJob(id, request, process, clock);
      session.jobs.set(id, job);
      if (closed || sessions.get(sessionId) !== session) await job.kill();
      return job;
    },
    get(sessionId, id) {
      forget(sessionId);
      return sessions.get(sessionId)?.jobs.get(id.toUpperCase()) ?? null;
    },
    list(sessionId) {
      forget(sessionId);
      return [...(sessions.get(sessionId)?.jobs.values() ?? [])];
    },
    remove(sessionId, id) {
      sessions.get(sessionId)?.jobs.delete(id);
    },
    closeSession,
    async close() {
      closed = true;
      await Promise.all([...sessions.keys()].map(closeSession));
    },
  };
}

function createJob(
  id: string,
  request: JobRequest,
  process: WorkspaceProcess,
  clock: Clock,
): Job & { endedAt: number | null } {
  const { command, description, cwd } = request;
  const stdout = createOutputBuffer();
  const stderr = createOutputBuffer();
  let exit: JobExit | null = null;
  process.stdin.on('error', () => {});
  process.stdin.end();
  const drained = [collect(process.stdout, stdout), collect(process.stderr, stderr)];
  const job: Job & { endedAt: number | null } = {
    id,
    command,
    description,
    cwd,
    startedAt: clock.now(),
    stdout,
    stderr,
    endedAt: null,
    exit: () => exit,
    onOutput: null,
    kill: () => process.kill(),
    done: process.exited.then(async (ended) => {
      await Promise.all(drained);
      exit = ended;
      job.endedAt = clock.now();
      return ended;
    }),
  };
  return job;

  function collect(stream: Readable, buffer: OutputBuffer): Promise<void> {
    const decoder = new StringDecoder('utf8');
    const push = (text: string) => {
      if (text === '') return;
      buffer.push(text);
      job.onOutput?.();
    };
    stream.on('data', (chunk: Buffer) => push(decoder.write(chunk)));
    return new Promise((resolve) => {
      stream.once('end', () => push(decoder.end()));
      stream.once('error', () => resolve());
      stream.once('close', () => resolve());
      if (stream.destroyed) resolve();
    });
  }
}
