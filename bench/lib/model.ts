import { sleep } from '#shared/async/sleep.ts';
import { startNode } from './child.ts';
import { monotonicOffsetMs } from './monotonic.ts';

export interface ModelServer {
  url: string;
  /** Turns its clock stamps into this process's `performance.now()`. */
  toLocalMs(stamp: number): number;
  close(): Promise<void>;
}

const START_LIMIT_MS = 10_000;
const POLL_MS = 5;

/** The scripted model in a process of its own, as a provider would be. */
export async function startModelServer(
  program: string,
  options: { directory: string; signal: AbortSignal },
): Promise<ModelServer> {
  const child = startNode({ name: 'model-server', argv: [program], directory: options.directory });
  const until = performance.now() + START_LIMIT_MS;
  let line = '';
  while (!line.includes('\n')) {
    if (performance.now() > until) {
      await child.close();
      throw new Error(`the scripted model does not start: ${line}`);
    }
    await sleep(POLL_MS, options.signal);
    line = child.output();
  }
  const said = JSON.parse(line) as { url: string; monotonicOffsetMs: number };
  const shift = said.monotonicOffsetMs - monotonicOffsetMs();
  return { url: said.url, toLocalMs: (stamp) => stamp + shift, close: () => child.close() };
}
