import { z } from 'zod';

/** What a sandbox host answers under `/v1`, and what it is asked there. */
export const FILE_STAT_HEADER = 'x-file-stat';

export const HostHealth = z.object({
  status: z.string(),
  active_sessions: z.number(),
  /** Commands and processes at this moment. */
  running: z.number(),
  driver: z.string(),
  isolated: z.boolean(),
});
export type HostHealth = z.infer<typeof HostHealth>;

export const HostError = z.object({ error: z.string(), code: z.string() });

/** `root`: an operator-listed directory by its name without links. */
export const HostCreated = z.object({ root: z.string().nullish() });

export const HostFileStat = z.object({
  path: z.string(),
  type: z.enum(['file', 'directory', 'symlink', 'other']),
  size: z.number(),
  mtimeMs: z.number(),
});

export const HostStat = z.object({ stat: HostFileStat.nullable() });

export const HostPath = z.object({ path: z.string() });

export const HostList = z.object({ entries: z.array(HostFileStat), truncated: z.boolean() });

const Limit = z.int().min(0).max(1_000_000);

export const HostTreeRequest = z.object({
  path: z.string(),
  depth: z.int().min(0),
  limit: Limit,
  ignore: z.array(z.string()).optional(),
});

export const HostTree = z.object({
  entries: z.array(
    z.object({
      path: z.string(),
      type: z.enum(['file', 'directory', 'symlink']),
      depth: z.number(),
      target: z.string().optional(),
    }),
  ),
  truncated: z.boolean(),
  leftOut: z.object({ count: z.number(), paths: z.array(z.string()) }).default({ count: 0, paths: [] }),
});

export const HostGlobRequest = z.object({ pattern: z.string(), path: z.string().optional(), limit: Limit });

export const HostGlob = z.object({
  paths: z.array(z.string()),
  truncated: z.boolean(),
  leftOut: z.number().default(0),
});

export const HostGrepRequest = z.object({
  pattern: z.string(),
  path: z.string().optional(),
  include: z.string().optional(),
  literal: z.boolean().optional(),
  limit: Limit,
});

export const HostGrep = z.object({
  matches: z.array(z.object({ path: z.string(), line: z.number(), column: z.number(), text: z.string() })),
  truncated: z.boolean(),
  leftOut: z.number().default(0),
});
