import { z } from 'zod';
import { FileHistoryView, FileVersionView } from '../views/history.ts';
import { ChangedFile, SessionId } from './common/ids.ts';
import { NEXT_CURSOR, PageQuery } from './common/page.ts';
import { endpoint } from './endpoint.ts';

export const history = {
  listFileVersions: endpoint({
    method: 'GET',
    path: '/api/sessions/:id/history',
    access: 'user',
    summary: 'Every version of every file that the session changed.',
    params: z.object({ id: SessionId }),
    query: PageQuery,
    replies: { 200: z.array(FileVersionView) },
    replyHeaders: NEXT_CURSOR,
    errors: ['not_found'],
  }),

  getFileHistory: endpoint({
    method: 'GET',
    path: '/api/sessions/:id/history/:path{.+}',
    access: 'user',
    summary: 'One file’s versions, oldest first, with contents and diffs; some megabytes at a time.',
    params: z.object({ id: SessionId, path: ChangedFile }),
    query: PageQuery.omit({ limit: true }),
    replies: { 200: FileHistoryView },
    replyHeaders: NEXT_CURSOR,
    errors: ['not_found'],
  }),
};
