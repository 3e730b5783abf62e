import { z } from 'zod';

export const BackendLanguage = z.enum(['', 'go', 'java', 'python']);
export type BackendLanguage = z.infer<typeof BackendLanguage>;

/** The project object of the protocol. Absent keys stand for null. */
export const ProjectView = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    external_ip: z.string(),
    frontend_port: z.number().int(),
    workspace_path: z.string(),
    workdir_path: z.string(),
    backend_port: z.number().int().optional(),
    frontend_command: z.string().optional(),
    frontend_language: z.string().optional(),
    backend_command: z.string().optional(),
    backend_language: BackendLanguage.optional(),
    subdomain: z.string().optional(),
    created_at: z.number().describe('Unix ms'),
    updated_at: z.number().describe('Unix ms'),
  })
  .meta({ id: 'Project' });
export type ProjectView = z.infer<typeof ProjectView>;
