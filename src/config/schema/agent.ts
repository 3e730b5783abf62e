import { z } from 'zod';
import { Flag, notAvailable, Origin, seconds, wholeNumber } from './fields.ts';

export const AgentSection = z.strictObject({
  max_workers: wholeNumber(1, 10_000).default(100).describe('turns at once per process'),
  task_queue_size: wholeNumber(1, 1_000_000).default(1000).describe('prompts waiting in all'),
  permission_timeout: seconds(0)
    .default(300)
    .describe('seconds until an unanswered question counts as denied; 0: never'),
  task_timeout: seconds(1).default(1800).describe('seconds per turn'),
  max_steps: wholeNumber(1, 100_000).default(200).describe('model calls per turn'),
  auto_summarize: Flag.default(true).describe('long sessions are summarised before the context is full'),
  budgets: notAvailable(z.record(z.string(), z.unknown()).default({})).describe('spending limits'),
});

export const PermissionsSection = z.strictObject({
  allowed_tools: z.array(z.string()).default([]).describe('"tool" or "tool:action" that never ask'),
  skip_requests: Flag.default(false).describe('ask nothing at all (--yolo, CRUSH_YOLO)'),
});

export const ToolsSection = z.strictObject({
  fetch: z
    .strictObject({
      allow_private: z
        .array(Origin)
        .default([])
        .describe('origins in private networks that git may clone from'),
    })
    .prefault({})
    .describe('what servers may be reached'),
  sourcegraph: z
    .strictObject({ url: notAvailable(z.string().default('')).describe('address of a Sourcegraph server') })
    .prefault({})
    .describe('code search'),
});

export const LspSection = z.strictObject({
  auto: notAvailable(Flag.default(true)).describe('start language servers that are installed'),
  max_servers: notAvailable(wholeNumber(1, 1000).default(16)).describe('at once'),
  servers: notAvailable(z.record(z.string(), z.unknown()).default({})).describe('by language'),
});

export const McpSection = notAvailable(z.record(z.string(), z.unknown()).default({}));
export const HooksSection = notAvailable(z.record(z.string(), z.unknown()).default({}));
