import { z } from 'zod';
import { endpoint } from './endpoint.ts';

const Readiness = z
  .object({
    status: z.enum(['ready', 'not_ready', 'draining']),
    checks: z.record(z.string(), z.enum(['ok', 'failing'])).describe('by dependency'),
  })
  .meta({ id: 'Readiness' });

export const system = {
  health: endpoint({
    method: 'GET',
    path: '/health',
    access: 'public',
    summary: 'Whether the process lives.',
    replies: { 200: z.object({ status: z.literal('healthy') }) },
    whileDraining: true,
  }),

  ready: endpoint({
    method: 'GET',
    path: '/ready',
    access: 'public',
    summary: 'Whether the process should get work.',
    replies: { 200: Readiness, 503: Readiness },
    whileDraining: true,
  }),
};
