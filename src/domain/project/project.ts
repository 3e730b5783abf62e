import { z } from 'zod';
import { BackendLanguage } from '../protocol/views/project.ts';

export const Project = z.object({
  id: z.uuid(),
  userId: z.uuid(),
  name: z.string(),
  description: z.string(),
  externalIp: z.string().nullable(),
  frontendPort: z.number().int().nullable(),
  backendPort: z.number().int().nullable(),
  frontendLanguage: z.string().nullable(),
  backendLanguage: BackendLanguage.nullable(),
  frontendCommand: z.string().nullable(),
  backendCommand: z.string().nullable(),
  needDatabase: z.boolean(),
  subdomain: z.string().nullable(),
  /** What clients see as the workspace's root, `/workspace` unless an operator-listed root was asked for. */
  workspacePath: z.string(),
  /** Absolute path on the sandbox host under an operator-listed root; null: the default directory. */
  workspaceRoot: z.string().nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** From then on nothing new is accepted. It is not undone: a deletion that failed is asked for again. */
  deletingSince: z.number().nullable(),
});
export type Project = z.infer<typeof Project>;
