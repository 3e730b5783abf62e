import type { MessagePort, Worker } from 'node:worker_threads';

/** Starts a thread that runs `serveJobs`. */
export type SpawnWorker = () => Worker;

export interface JobRequest {
  name: string;
  input: unknown;
}

export type JobReply = 'ready' | { value: unknown } | { error: string };

export type Jobs = Record<string, (input: never) => unknown>;

/** In the thread: answers requests, one after the other. */
export function serveJobs(port: MessagePort, jobs: Jobs): void {
  port.on('message', ({ name, input }: JobRequest) => port.postMessage(answer(jobs, name, input)));
  port.postMessage('ready' satisfies JobReply);
}

function answer(jobs: Jobs, name: string, input: unknown): JobReply {
  try {
    return { value: jobs[name]?.(input as never) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
