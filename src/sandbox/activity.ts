import type { Clock } from '#shared/clock.ts';

/** How long after its last use a project counts as active. */
const ACTIVE_MS = 3_600_000;

export interface ActiveProject {
  projectId: string;
  /** Commands and processes that run now. */
  running: number;
  lastUsedAt: number;
}

/** Which projects are in use, and how to end what runs for them. */
export interface Activity {
  touch(projectId: string): void;
  /** Counts something that runs until the returned function is called. */
  begin(projectId: string, stop: () => void): () => void;
  list(): ActiveProject[];
  running(): number;
  /** Asks what runs for a project to end, and forgets the project; false when it was not active. */
  stop(projectId: string): boolean;
  stopAll(): number;
}

interface Entry {
  stops: Set<() => void>;
  lastUsedAt: number;
}

export function createActivity(clock: Clock): Activity {
  const projects = new Map<string, Entry>();

  function use(projectId: string): Entry {
    const entry = projects.get(projectId) ?? { stops: new Set(), lastUsedAt: 0 };
    entry.lastUsedAt = clock.now();
    projects.set(projectId, entry);
    return entry;
  }

  function prune(): void {
    const oldest = clock.now() - ACTIVE_MS;
    for (const [projectId, { stops, lastUsedAt }] of projects) {
      if (stops.size === 0 && lastUsedAt < oldest) projects.delete(projectId);
    }
  }

  function stop(projectId: string): boolean {
    const entry = projects.get(projectId);
    if (entry === undefined) return false;
    projects.delete(projectId);
    for (const end of entry.stops) end();
    return true;
  }

  return {
    touch: (projectId) => void use(projectId),
    begin(projectId, end) {
      const { stops } = use(projectId);
      stops.add(end);
      return () => {
        stops.delete(end);
        const entry = projects.get(projectId);
        if (entry?.stops === stops) entry.lastUsedAt = clock.now();
      };
    },
    list() {
      prune();
      return [...projects].map(([projectId, { stops, lastUsedAt }]) => ({
        projectId,
        running: stops.size,
        lastUsedAt,
      }));
    },
    running: () => [...projects.values()].reduce((sum, { stops }) => sum + stops.size, 0),
    stop,
    stopAll() {
      const ids = [...projects.keys()];
      for (const projectId of ids) stop(projectId);
      return ids.length;
    },
  };
}
