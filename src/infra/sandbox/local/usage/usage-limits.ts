import type { SandboxLimits } from '../driver.ts';
import type { FreeSpace } from './free-space.ts';
import type { Usage } from './measure.ts';

const MEBIBYTE = 1024 * 1024;
/** Below that many free inodes of the host nothing may grow. */
const MIN_FREE_FILES = 10_000;

export interface UsageLimits {
  /** Why nothing may grow on this host; null when there is room. */
  hostIsFull(free: FreeSpace): string | null;
  /** Why a project may not hold so much; null when it may. */
  exceededBy(usage: Usage): string | null;
  /** Whether the figure is so near to a limit that an exact one is needed. */
  isNear(usage: Usage): boolean;
  /** Whether so much may have been written since a measurement that another one is due. */
  isMuch(grown: Usage): boolean;
  /** The largest file that a command may write, in MiB. */
  largestFileMb(usage: Usage): number;
}

export function usageLimits(limits: SandboxLimits): UsageLimits {
  const bytes = limits.workspaceMb * MEBIBYTE;
  const files = limits.workspaceFiles;
  const floor = limits.diskFreeMb * MEBIBYTE;
  return {
    hostIsFull(free) {
      if (free.bytes < floor) return `The disk of the host has less than ${limits.diskFreeMb} MiB left.`;
      if (free.files < MIN_FREE_FILES) return 'The disk of the host has no room for more files.';
      return null;
    },
    exceededBy(usage) {
      if (usage.bytes > bytes) {
        return `The workspace, with its home and /tmp, holds more than its limit of ${limits.workspaceMb} MiB.`;
      }
      if (usage.files > files) {
        return `The workspace, with its home and /tmp, holds more files than its limit of ${files}.`;
      }
      return null;
    },
    isNear: (usage) => usage.bytes > bytes / 2 || usage.files > files / 2,
    isMuch: (grown) => grown.bytes > bytes / 20 || grown.files > files / 20,
    largestFileMb: (usage) =>
      Math.max(1, Math.min(limits.fileMb, Math.ceil((bytes - usage.bytes) / MEBIBYTE))),
  };
}
