import { spawn } from 'node:child_process';
import type { WorkspaceLocation } from '../driver.ts';

const INTERVAL_MS = 2000;
/** Measuring takes at most this share of the time. */
const DUTY = 10;
const BLOCK_BYTES = 1024;
const MEBIBYTE = 1024 * 1024;

export interface SizeWatch {
  /** Watches while a command runs; calls back once when the workspace holds too much. */
  watch(location: WorkspaceLocation, exceeded: (reason: string) => void): () => void;
  close(): void;
}

interface Watched {
  callbacks: Set<(reason: string) => void>;
  timer: NodeJS.Timeout;
}

/** One measurement for each workspace, however many commands run in it; the first after two seconds. */
export function createSizeWatch(limitMb: number, duPath: string | null): SizeWatch {
  const watched = new Map<string, Watched>();

  function schedule(location: WorkspaceLocation, delayMs: number): NodeJS.Timeout {
    const timer = setTimeout(() => void check(location), delayMs);
    timer.unref();
    return timer;
  }

  async function check(location: WorkspaceLocation): Promise<void> {
    const startedAt = performance.now();
    const bytes = await measure(location, duPath);
    const entry = watched.get(location.directory);
    if (entry === undefined) return;
    if (bytes !== null && bytes > limitMb * MEBIBYTE) {
      const reason = `The command was ended: the workspace holds more than its limit of ${limitMb} MiB.`;
      for (const callback of entry.callbacks) callback(reason);
    }
    entry.timer = schedule(location, Math.max(INTERVAL_MS, (performance.now() - startedAt) * DUTY));
  }

  return {
    watch(location, exceeded) {
      const key = location.directory;
      const entry = watched.get(key) ?? { callbacks: new Set(), timer: schedule(location, INTERVAL_MS) };
      watched.set(key, entry);
      entry.callbacks.add(exceeded);
      return () => {
        entry.callbacks.delete(exceeded);
        if (entry.callbacks.size > 0 || watched.get(key) !== entry) return;
        clearTimeout(entry.timer);
        watched.delete(key);
      };
    },
    close() {
      for (const entry of watched.values()) clearTimeout(entry.timer);
      watched.clear();
    },
  };
}

/** What a directory takes on disk, by du(1) in a process of its own; null when that fails. */
export function measure(location: WorkspaceLocation, duPath: string | null): Promise<number | null> {
  if (duPath === null) return Promise.resolve(null);
  return new Promise((resolve) => {
    const child = spawn(duPath, ['-skx', '.'], {
      cwd: location.directory,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {},
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    child.once('error', () => resolve(null));
    child.once('close', () => {
      const blocks = Number.parseInt(text, 10);
      resolve(Number.isFinite(blocks) ? blocks * BLOCK_BYTES : null);
    });
  });
}
