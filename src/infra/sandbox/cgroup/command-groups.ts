import type { WorkspaceLocation } from '../driver.ts';

/** Limits that hold for all commands of a workspace together. */
export interface CommandGroups {
  /** What is limited, for the log. */
  readonly controllers: readonly string[];
  /** Puts a process, and all that it will start, under the workspace's limits. */
  add(location: WorkspaceLocation, pid: number): void;
  remove(location: WorkspaceLocation): Promise<void>;
  close(): Promise<void>;
}

/** Where no hierarchy is writable: each process has its own limits only. */
export const noCommandGroups: CommandGroups = {
  controllers: [],
  add() {},
  async remove() {},
  async close() {},
};
