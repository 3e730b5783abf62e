import { z } from 'zod';
import { PreviewView } from '../views/preview.ts';
import { ProjectId } from './common/ids.ts';
import { endpoint } from './endpoint.ts';

export const previews = {
  openPreview: endpoint({
    method: 'POST',
    path: '/api/projects/:id/preview',
    access: 'user',
    summary: 'An address under which a browser sees what listens on a port inside of the project.',
    params: z.object({ id: ProjectId }),
    body: z.object({
      port: z.int().min(1).max(65_535).nullish().describe('absent: the frontend_port of the project'),
    }),
    replies: { 200: PreviewView },
    errors: ['not_found', 'conflict', 'unprocessable'],
  }),
};
