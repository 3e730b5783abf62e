import type { LaunchRequest, SandboxLimits } from '../driver.ts';

const MEBIBYTE = 1024 * 1024;
const CPU_SECONDS = 600;
/** Between SIGXCPU and SIGKILL. */
const CPU_GRACE_SECONDS = 5;
const OPEN_FILES = 1024;
const OPEN_FILES_HARD = 4096;

/**
 * Arguments for prlimit(1), which replaces itself by the command. DATA and not AS: an address space limit
 * breaks WebAssembly and Node. The number of processes counts within a user namespace or a user.
 */
export function resourceLimitArguments(
  limits: Pick<SandboxLimits, 'memoryMb' | 'fileMb'>,
  processes: number | null,
): string[] {
  const args = [
    `--data=${limits.memoryMb * MEBIBYTE}`,
    `--fsize=${limits.fileMb * MEBIBYTE}`,
    `--cpu=${CPU_SECONDS}:${CPU_SECONDS + CPU_GRACE_SECONDS}`,
    `--nofile=${OPEN_FILES}:${OPEN_FILES_HARD}`,
    '--core=0',
  ];
  return processes === null ? args : [`--nproc=${processes}`, ...args];
}

/** The limits of one command. */
export function limitsOf(limits: SandboxLimits, { fileMb }: Pick<LaunchRequest, 'fileMb'>): SandboxLimits {
  return fileMb === undefined ? limits : { ...limits, fileMb: Math.min(fileMb, limits.fileMb) };
}
