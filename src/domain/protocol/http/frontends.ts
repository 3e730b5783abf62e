import { z } from 'zod';
import { FrontendView } from '../views/frontend.ts';
import { ProjectId } from './common/ids.ts';
import { endpoint } from './endpoint.ts';

const params = z.object({ id: ProjectId });

/** Known to the server that started it. */
export const frontends = {
  getFrontend: endpoint({
    method: 'GET',
    path: '/api/projects/:id/frontend',
    access: 'user',
    summary: 'What became of the start command of a project.',
    params,
    replies: { 200: FrontendView },
    errors: ['not_found'],
  }),

  startFrontend: endpoint({
    method: 'POST',
    path: '/api/projects/:id/frontend/start',
    access: 'user',
    summary:
      'Starts the frontend_command of a project and keeps it running until it is stopped, ends too quickly too often, or the project, the access of its owner or the server ends.',
    params,
    replies: { 200: FrontendView },
    errors: ['not_found', 'conflict', 'unprocessable', 'forbidden'],
  }),

  stopFrontend: endpoint({
    method: 'POST',
    path: '/api/projects/:id/frontend/stop',
    access: 'user',
    summary:
      'Ends the start command of a project with all that it started; one that does not run is left so.',
    params,
    replies: { 200: FrontendView },
    errors: ['not_found'],
  }),
};
