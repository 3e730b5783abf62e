import { z } from 'zod';

export const PermissionRequestView = z
  .object({
    id: z.string(),
    session_id: z.string(),
    tool_call_id: z.string(),
    tool_name: z.string(),
    description: z.string(),
    action: z.string(),
    params: z.unknown().describe('what the tool wants to do, as the tool shows it'),
    path: z.string().describe('a workspace path'),
    expires_at: z.number().nullable().describe('Unix ms; null: never'),
  })
  .meta({ id: 'PermissionRequest' });
export type PermissionRequestView = z.infer<typeof PermissionRequestView>;
