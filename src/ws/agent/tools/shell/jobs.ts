import type { Readable } from 'node:stream';
import { type Workspace, WorkspaceError, type WorkspaceProcess } from '#domain/workspace/index.ts';
import type { Clock } from '#shared/clock.ts';
import { createOutputBuffer, type OutputBuffer } from '#shared/output-buffer.ts';

const MAX_RUNNING_PER_SESSION = 50;
const MAX_FINISHED_PER_SESSION = 20;
const KEEP_FINISHED_MS = 480 * 60_000;
const SWEEP_MS = 60_000;
/** Of each stream; half from its beginning, half from its end. */
const MAX_STREAM_BYTES = 64 * 1024;

export interface JobRequest {
  /** Whose share of the jobs it is one of. */
  userId: string;
  command: string;
  /** What the shell runs instead, when it is not the command as it was given. */
  script?: string;
  description: string;
  cwd: string;
  env: Record<string, string>;
}

export type AdoptedJob = Pick<Job, 'command' | 'description' | 'cwd' | 'kill' | 'done'>;

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
  /** Throws `WorkspaceError` when too many of the session or of the user are running. */
  start(sessionId: string, workspace: Workspace, request: JobRequest): Promise<Job>;
  /** Takes up what was started elsewhere and feeds `stdout` itself. Throws `WorkspaceError` as `start` does. */
  adopt(sessionId: string, running: AdoptedJob): Job;
  get(sessionId: string, id: string): Job | null;
  /** Those that are still remembered, oldest first. */
  list(sessionId: string): Job[];
  remove(sessionId: string, id: string): void;
  /** Kills and forgets all jobs of a session. */
  closeSession(sessionId: string): Promise<void>;
  close(): Promise<void>;
}

export interface JobRegistryDeps {
  clock: Clock;
  /** Over all sessions. */
  maxRunningPerUser: number;
  /** How often jobs that ended long ago are looked for. */
  sweepIntervalMs?: number;
}

interface SessionJobs {
  jobs: Map<string, KnownJob>;
  /** Ids are not given twice. */
  counter: number;
  lastUsedAt: number;
}

interface KnownJob extends Job {
  endedAt: number | null;
}

export function createJobRegistry(deps: JobRegistryDeps): JobRegistry {
  const { clock, maxRunningPerUser, sweepIntervalMs = SWEEP_MS } = deps;
  const sessions = new Map<string, SessionJobs>();
  const runningOf = new Map<string, number>();
  let closed = false;
  const sweeper = setInterval(() => sweep(sessions, clock.now() - KEEP_FINISHED_MS), sweepIntervalMs);
  sweeper.unref();

  function sessionOf(sessionId: string): SessionJobs {
    const session = sessions.get(sessionId) ?? { jobs: new Map(), counter: 0, lastUsedAt: 0 };
    session.lastUsedAt = clock.now();
    sessions.set(sessionId, session);
    return session;
  }

  /** Takes one of the user's places; the answer gives it back. */
  function takePlace(userId: string): () => void {
    const running = runningOf.get(userId) ?? 0;
    if (running >= maxRunningPerUser) {
      throw new WorkspaceError(
        'refused',
        `${maxRunningPerUser} jobs of this user are running already, over all sessions; end one with job_kill`,
      );
    }
    runningOf.set(userId, running + 1);
    return () => {
      const left = (runningOf.get(userId) ?? 1) - 1;
      if (left === 0) runningOf.delete(userId);
      else runningOf.set(userId, left);
    };
  }

  function nextId(session: SessionJobs): string {
    session.counter += 1;
    return session.counter.toString(16).toUpperCase().padStart(3, '0');
  }

  function keep({ jobs }: SessionJobs, job: KnownJob): void {
    jobs.set(job.id, job);
    const forget = () => dropOldest(jobs);
    job.done.then(forget, forget);
  }

  async function closeSession(sessionId: string): Promise<void> {
    const session = sessions.get(sessionId);
    sessions.delete(sessionId);
    await Promise.allSettled([...(session?.jobs.values() ?? [])].map((job) => job.kill()));
  }

  return {
    async start(sessionId, workspace, request) {
      if (closed) throw new WorkspaceError('unavailable', 'The server is shutting down');
      const session = sessionOf(sessionId);
      refuseTooMany(session);
      const giveBack = takePlace(request.userId);
      const id = nextId(session);
      // Bash takes a socket as standard input for a remote login and would read start-up files.
      const argv = ['/bin/bash', '--noprofile', '--norc', '-c', request.script ?? request.command] as const;
      const spawned = workspace.spawn({ argv: [...argv], cwd: request.cwd, env: request.env });
      spawned.catch(giveBack);
      const process = await spawned;
      const job = createJob(id, request, process, clock);
      job.done.then(giveBack, giveBack);
      keep(session, job);
      if (closed || sessions.get(sessionId) !== session) await job.kill();
      return job;
    },
    adopt(sessionId, running) {
      if (closed) throw new WorkspaceError('unavailable', 'The server is shutting down');
      const session = sessionOf(sessionId);
      refuseTooMany(session);
      const job = adoptJob(nextId(session), running, clock);
      keep(session, job);
      return job;
    },
    get: (sessionId, id) => sessions.get(sessionId)?.jobs.get(id.toUpperCase()) ?? null,
    list: (sessionId) => [...(sessions.get(sessionId)?.jobs.values() ?? [])],
    remove(sessionId, id) {
      sessions.get(sessionId)?.jobs.delete(id);
    },
    closeSession,
    async close() {
      closed = true;
      clearInterval(sweeper);
      await Promise.all([...sessions.keys()].map(closeSession));
    },
  };
}

function refuseTooMany({ jobs }: SessionJobs): void {
  const running = [...jobs.values()].filter((job) => job.endedAt === null);
  if (running.length < MAX_RUNNING_PER_SESSION) return;
  throw new WorkspaceError(
    'refused',
    `${MAX_RUNNING_PER_SESSION} jobs of this session are running already; end one with job_kill`,
  );
}

/** Forgets jobs that ended before `limit`, with their output, and sessions that have none. */
function sweep(sessions: Map<string, SessionJobs>, limit: number): void {
  for (const [sessionId, { jobs, lastUsedAt }] of sessions) {
    for (const job of jobs.values()) if (job.endedAt !== null && job.endedAt < limit) jobs.delete(job.id);
    if (jobs.size === 0 && lastUsedAt < limit) sessions.delete(sessionId);
  }
}

/** Keeps the youngest of those that have ended; with a job goes its output. */
function dropOldest(jobs: Map<string, KnownJob>): void {
  const finished = [...jobs.values()].filter((job) => job.endedAt !== null);
  finished.sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0));
  const tooMany = Math.max(0, finished.length - MAX_FINISHED_PER_SESSION);
  for (const job of finished.slice(0, tooMany)) jobs.delete(job.id);
}

function adoptJob(id: string, running: AdoptedJob, clock: Clock): KnownJob {
  let exit: JobExit | null = null;
  const job: KnownJob = {
    ...running,
    id,
    startedAt: clock.now(),
    stdout: createOutputBuffer(MAX_STREAM_BYTES),
    stderr: createOutputBuffer(0),
    endedAt: null,
    exit: () => exit,
    onOutput: null,
    done: running.done.then((ended) => {
      exit = ended;
      job.endedAt = clock.now();
      return ended;
    }),
  };
  return job;
}

function createJob(id: string, request: JobRequest, process: WorkspaceProcess, clock: Clock): KnownJob {
  const { command, description, cwd } = request;
  const stdout = createOutputBuffer(MAX_STREAM_BYTES);
  const stderr = createOutputBuffer(MAX_STREAM_BYTES);
  let exit: JobExit | null = null;
  process.stdin.on('error', () => {});
  process.stdin.end();
  const drained = [collect(process.stdout, stdout), collect(process.stderr, stderr)];
  const job: KnownJob = {
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
    stream.on('data', (chunk: Buffer) => {
      buffer.push(chunk);
      job.onOutput?.();
    });
    return new Promise((resolve) => {
      stream.once('error', () => resolve());
      stream.once('close', () => resolve());
      if (stream.destroyed) resolve();
    });
  }
}
