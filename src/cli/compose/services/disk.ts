import type { Config } from '#config/load.ts';
import { freeAt } from '#infra/sandbox/local/index.ts';

const MEBIBYTE = 1024 * 1024;

/** What is free for workspaces on this machine, in MiB, and whether it is below the floor of the configuration. */
export async function diskSpace(config: Config): Promise<{ freeMb: number; isLow: boolean }> {
  const { bytes } = await freeAt(config.data_dir);
  const freeMb = Math.floor(bytes / MEBIBYTE);
  return { freeMb, isLow: freeMb < config.sandbox.limits.disk_free_mb };
}

/** Rejects while nothing may grow. */
export async function checkDiskSpace(config: Config): Promise<void> {
  const { freeMb, isLow } = await diskSpace(config);
  if (isLow) throw new Error(`only ${freeMb} MiB are free in ${config.data_dir}`);
}
