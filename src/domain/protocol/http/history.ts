import { z } from 'zod';
import { FileHistoryView, FileVersionView } from '../views/history.ts';
import { ChangedFile, SessionId } from './common/ids.ts';
import { endpoint } from './endpoint.ts';

export const history = {
  listFileVersions: endpoint({
    method: 'GET',
    path: '/api/sessions/:id/history',
    access: 'user',
    summary: 'Every version of every file that the session changed.',
    params: z.object({ id: SessionId }),
    replies: { 200: z.array(FileVersionView) },
    errors: ['not_found'],
  }),

  getFileHistory: endpoint({
    method: 'GET',
    path: '/api/sessions/:id/history/:path{.+}',
    access: 'user',
    summary: 'One file’s versions, oldest first, with contents and diffs.',
    params: z.object({ id: SessionId, path: ChangedFile }),
    replies: { 200: FileHistoryView },
    errors: ['not_found'],
  }),
};
