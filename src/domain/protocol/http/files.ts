import { z } from 'zod';
import { FileNode, WorkingTreeDiffView } from '../views/file.ts';
import { ProjectId, SessionId, WorkspaceFile } from './common/ids.ts';
import { endpoint } from './endpoint.ts';

/** One of the two ids is needed. */
const place = {
  project_id: ProjectId.optional(),
  session_id: SessionId.optional(),
  path: z.string().optional().describe('below the workspace; the workspace itself where it is absent'),
};

export const files = {
  getFileTree: endpoint({
    method: 'GET',
    path: '/api/files',
    access: 'user',
    summary: 'The files of a workspace as a tree, with the texts of small ones.',
    query: z.object(place),
    replies: { 200: FileNode },
    errors: ['not_found', 'conflict', 'unprocessable', 'too_large', 'overloaded', 'client_closed_request'],
  }),

  getFileContent: endpoint({
    method: 'GET',
    path: '/api/files/content',
    access: 'user',
    summary: 'One file’s bytes.',
    query: z.object({ ...place, path: WorkspaceFile.optional() }),
    replies: { 200: { bytes: 'the file, with a type that no browser runs' } },
    errors: ['not_found', 'conflict', 'unprocessable', 'too_large', 'overloaded', 'client_closed_request'],
  }),

  getWorkingTreeDiff: endpoint({
    method: 'GET',
    path: '/api/files/diff',
    access: 'user',
    summary: 'What has changed since the last commit.',
    query: z.object(place),
    replies: { 200: WorkingTreeDiffView },
    errors: [
      'not_found',
      'conflict',
      'not_a_repository',
      'unprocessable',
      'too_large',
      'overloaded',
      'client_closed_request',
    ],
  }),
};
