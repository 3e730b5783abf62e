import { z } from 'zod';
import { CreateProjectRequest, UpdateProjectRequest } from '../requests/project.ts';
import { ProjectView } from '../views/project.ts';
import { SessionView } from '../views/session.ts';
import { ProjectId } from './common/ids.ts';
import { Done, NEXT_CURSOR, PageQuery } from './common/page.ts';
import { endpoint } from './endpoint.ts';

const params = z.object({ id: ProjectId });

export const projects = {
  listProjects: endpoint({
    method: 'GET',
    path: '/api/projects',
    access: 'user',
    summary: 'The caller’s projects, newest first.',
    query: PageQuery,
    replies: { 200: z.array(ProjectView) },
    replyHeaders: NEXT_CURSOR,
  }),

  createProject: endpoint({
    method: 'POST',
    path: '/api/projects',
    access: 'user',
    summary: 'Makes a project; its workspace exists when this returns.',
    body: CreateProjectRequest,
    replies: { 200: ProjectView },
    errors: [
      'forbidden',
      'conflict',
      'unprocessable',
      'limit_reached',
      'overloaded',
      'client_closed_request',
    ],
  }),

  getProject: endpoint({
    method: 'GET',
    path: '/api/projects/:id',
    access: 'user',
    summary: 'One project.',
    params,
    replies: { 200: ProjectView },
    errors: ['not_found'],
  }),

  updateProject: endpoint({
    method: 'PUT',
    path: '/api/projects/:id',
    access: 'user',
    summary: 'Changes what the request names and keeps the rest.',
    params,
    body: UpdateProjectRequest,
    replies: { 200: ProjectView },
    errors: ['not_found', 'conflict', 'unprocessable'],
  }),

  deleteProject: endpoint({
    method: 'DELETE',
    path: '/api/projects/:id',
    access: 'user',
    summary: 'Stops what runs, then removes the project and its workspace.',
    params,
    replies: { 200: Done },
    errors: ['not_found', 'conflict'],
  }),

  listProjectSessions: endpoint({
    method: 'GET',
    path: '/api/projects/:id/sessions',
    access: 'user',
    summary: 'The project’s sessions, newest first.',
    params,
    query: PageQuery,
    replies: { 200: z.array(SessionView) },
    replyHeaders: NEXT_CURSOR,
    errors: ['not_found'],
  }),
};
