import { WorkspaceError } from '#domain/workspace/index.ts';
import { within } from '#shared/async/within.ts';
import type { SandboxLimits, WorkspaceLocation } from '../driver.ts';
import { type FreeSpace, freeSpace } from './free-space.ts';
import { MAX_MEASURING_MS, type Measured, measureUsage, type Usage } from './measure.ts';
import { usageLimits } from './usage-limits.ts';

/** How often the free space is looked at while commands run. */
const TICK_MS = 200;
/** A figure is measured again after this at the latest, when something has run since. */
const MAX_AGE_MS = 30_000;
/** While commands run measuring takes at most this share of the time. */
const DUTY = 10;
/** After so many failures in a row nothing is known any more. */
const MAX_FAILURES = 3;
/**
 * How long the first figure of a project is waited for, which takes seconds in a large one. A command goes on without
 * it and is watched; what the server itself writes is not.
 */
const FIRST_WAIT_MS = { command: 1000, write: 10_000 };
/** What a command may write in a workspace that is full: what comes with removing, such as a log. */
const SLACK: Usage = { bytes: 16 * 1024 * 1024, files: 1000 };

/** What a command may do. `full`: why its files cannot grow; it can still remove some. */
export interface Room {
  full: string | null;
  /** The largest file that it may write, in MiB. */
  fileMb: number;
}

export interface WorkspaceUsage {
  /** Before a command. */
  room(location: WorkspaceLocation): Promise<Room>;
  /** Before the server itself writes. Throws `no_space`. */
  refuseFull(location: WorkspaceLocation, bytes: number): Promise<void>;
  /** The server has written or removed something. */
  changed(location: WorkspaceLocation, bytes: number): void;
  /** Watches a running command; calls back once when it has to end. Returns how to stop. */
  watch(location: WorkspaceLocation, room: Room, exceeded: (reason: string) => void): () => void;
  forget(projectId: string): void;
  close(): void;
}

interface Entry {
  /** The last figure, and what the server itself has written since. */
  usage: Usage | null;
  /** Something may have changed since. */
  isStale: boolean;
  /** Free space and moment of the last measurement. */
  free: FreeSpace;
  measuredAt: number;
  tookMs: number;
  failures: number;
  measuring: Promise<Measured> | null;
  watchers: Set<Watcher>;
  timer: NodeJS.Timeout | null;
  isTicking: boolean;
  end: AbortController;
}

interface Watcher {
  /** The workspace was full before, so that the command may only remove. */
  isFull: boolean;
  startedWith: Usage | null;
  exceeded(reason: string): void;
}

/**
 * How much each project holds, without quotas of the file system: a known figure and the free space of the host tell
 * whether it has to be measured again before and while commands run. `duPath` null: no limits hold.
 */
export function createWorkspaceUsage(limits: SandboxLimits, duPath: string | null): WorkspaceUsage {
  const entries = new Map<string, Entry>();
  const bounds = usageLimits(limits);

  function entryOf({ projectId }: WorkspaceLocation): Entry {
    const entry = entries.get(projectId) ?? newEntry();
    entries.set(projectId, entry);
    return entry;
  }

  function measure(location: WorkspaceLocation, entry: Entry): Promise<Measured> {
    entry.measuring ??= measureNow(location, entry).finally(() => {
      entry.measuring = null;
    });
    return entry.measuring;
  }

  async function measureNow(location: WorkspaceLocation, entry: Entry): Promise<Measured> {
    const startedAt = performance.now();
    entry.isStale = entry.watchers.size > 0;
    entry.free = await freeSpace(location);
    const measured = duPath === null ? NOTHING : await measureUsage(location, duPath, entry.end.signal);
    entry.measuredAt = performance.now();
    entry.tookMs = entry.measuredAt - startedAt;
    entry.failures = measured === null || measured === 'unreadable' ? entry.failures + 1 : 0;
    if (measured !== null && measured !== 'unreadable') entry.usage = measured;
    return measured;
  }

  /** The figure, exact where it matters. */
  async function current(location: WorkspaceLocation, free: FreeSpace, firstWaitMs: number): Promise<Usage> {
    const entry = entryOf(location);
    const { usage } = entry;
    const isDue = usage === null || (entry.isStale && (bounds.isNear(usage) || isUncertain(entry, free)));
    if (isDue)
      await within(measure(location, entry), usage === null ? firstWaitMs : MAX_MEASURING_MS, () => null);
    return entry.usage ?? NOTHING;
  }

  function isUncertain(entry: Entry, free: FreeSpace): boolean {
    const isOld = performance.now() - entry.measuredAt > MAX_AGE_MS;
    return isOld || entry.failures > 0 || entry.usage === null || bounds.isMuch(taken(entry.free, free));
  }

  async function look(
    location: WorkspaceLocation,
    more: Usage,
    firstWaitMs: number,
  ): Promise<{ full: string | null; usage: Usage }> {
    const free = await freeSpace(location);
    const usage = await current(location, free, firstWaitMs);
    const unknown = entryOf(location).failures >= MAX_FAILURES ? UNKNOWN : null;
    const wanted = { bytes: usage.bytes + more.bytes, files: usage.files + more.files };
    return { full: bounds.hostIsFull(free) ?? unknown ?? bounds.exceededBy(wanted), usage };
  }

  async function tick(location: WorkspaceLocation, entry: Entry): Promise<void> {
    entry.timer = null;
    entry.isTicking = true;
    const free = await freeSpace(location);
    const hostFull = bounds.hostIsFull(free);
    const isDue = hostFull !== null || isUncertain(entry, free);
    if (isDue && performance.now() - entry.measuredAt > entry.tookMs * DUTY) await measure(location, entry);
    for (const watcher of [...entry.watchers]) {
      const reason = reasonToEnd(entry, watcher, hostFull);
      if (reason !== null) watcher.exceeded(`The command was ended: ${reason}`);
    }
    entry.isTicking = false;
    schedule(location, entry);
  }

  function reasonToEnd({ failures, usage }: Entry, watcher: Watcher, hostFull: string | null): string | null {
    if (failures >= MAX_FAILURES && !watcher.isFull) return UNKNOWN;
    if (usage === null) return null;
    const { bytes, files } = watcher.startedWith ?? usage;
    const hasTaken = usage.bytes > bytes + SLACK.bytes || usage.files > files + SLACK.files;
    if (hostFull !== null && hasTaken) return hostFull;
    return watcher.isFull && !hasTaken ? null : bounds.exceededBy(usage);
  }

  function schedule(location: WorkspaceLocation, entry: Entry): void {
    if (entry.watchers.size === 0 || entry.timer !== null || entry.isTicking) return;
    entry.timer = setTimeout(() => void tick(location, entry), TICK_MS);
    entry.timer.unref();
  }

  return {
    async room(location) {
      const { full, usage } = await look(location, NOTHING, FIRST_WAIT_MS.command);
      return { full, fileMb: full === null ? bounds.largestFileMb(usage) : 0 };
    },
    async refuseFull(location, bytes) {
      const { full } = await look(location, { bytes, files: 1 }, FIRST_WAIT_MS.write);
      if (full !== null)
        throw new WorkspaceError('no_space', `${full} Only removing works until there is room.`);
    },
    changed(location, bytes) {
      const entry = entryOf(location);
      entry.isStale = true;
      if (entry.usage === null || bytes === 0) return;
      entry.usage = { bytes: entry.usage.bytes + bytes, files: entry.usage.files + 1 };
    },
    watch(location, room, exceeded) {
      const entry = entryOf(location);
      const watcher = { isFull: room.full !== null, startedWith: entry.usage, exceeded };
      entry.watchers.add(watcher);
      entry.isStale = true;
      schedule(location, entry);
      return () => {
        entry.watchers.delete(watcher);
        if (entry.watchers.size > 0 || entry.timer === null) return;
        clearTimeout(entry.timer);
        entry.timer = null;
      };
    },
    forget(projectId) {
      const entry = entries.get(projectId);
      entries.delete(projectId);
      if (entry !== undefined) stop(entry);
    },
    close() {
      for (const entry of entries.values()) stop(entry);
      entries.clear();
    },
  };
}

const NOTHING: Usage = { bytes: 0, files: 0 };
const UNKNOWN =
  'The size of the workspace cannot be measured; no directory may be closed to its owner (chmod -R u+rwX).';

function taken(before: FreeSpace, now: FreeSpace): Usage {
  return { bytes: before.bytes - now.bytes, files: before.files - now.files };
}

function newEntry(): Entry {
  return {
    usage: null,
    isStale: true,
    free: { bytes: 0, files: 0 },
    measuredAt: 0,
    tookMs: 0,
    failures: 0,
    measuring: null,
    watchers: new Set(),
    timer: null,
    isTicking: false,
    end: new AbortController(),
  };
}

function stop(entry: Entry): void {
  if (entry.timer !== null) clearTimeout(entry.timer);
  entry.watchers.clear();
  entry.end.abort();
}
