import { z } from 'zod';
import type { SessionStatus } from '../session/session.ts';

export const TurnStatus = z.enum(['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled']);
export type TurnStatus = z.infer<typeof TurnStatus>;

/** A prompt, or the user's wish that the history be summarized; that one has no message of the user. */
export const TurnKind = z.enum(['prompt', 'summary']);
export type TurnKind = z.infer<typeof TurnKind>;

export const TERMINAL_TURN_STATUSES = ['succeeded', 'failed', 'cancelled'] as const;

export const Turn = z.object({
  id: z.uuid(),
  sessionId: z.uuid(),
  /** Who asked; the turn runs with this user's rights and keys. */
  userId: z.uuid(),
  /** From 1, +1 within the session. */
  number: z.number().int(),
  kind: TurnKind,
  status: TurnStatus,
  /** How often an owner was lost while it ran. */
  attempt: z.number().int(),
  cancelRequested: z.boolean(),
  /** The stored user message; of a summary: of nothing. */
  messageId: z.uuid(),
  idempotencyKey: z.string().nullable(),
  /** SHA-256 over the prompt: the same key with another prompt is an error. */
  promptDigest: z.string(),
  error: z.string().nullable(),
  errorCode: z.string().nullable(),
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
});
export type Turn = z.infer<typeof Turn>;

/** The right to run a session's turn. `token` only grows; it fences every write. */
export interface Lease {
  sessionId: string;
  owner: string;
  token: number;
}

export const StepKind = z.enum(['model', 'tool']);
export const StepState = z.enum(['started', 'done', 'failed', 'unknown']);
export const StepEffect = z.enum(['none', 'idempotent', 'unsafe']);
export type StepEffect = z.infer<typeof StepEffect>;

export const Step = z.object({
  turnId: z.uuid(),
  index: z.number().int(),
  kind: StepKind,
  tool: z.string().nullable(),
  /** The assistant message's id (model) or the tool call's id (tool). */
  subjectId: z.uuid(),
  state: StepState,
  effect: StepEffect,
  input: z.string().nullable(),
  output: z.string().nullable(),
  /** Fence of the owner that wrote it. */
  token: z.number().int(),
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
});
export type Step = z.infer<typeof Step>;

const STATUS_OF_TURN = {
  queued: 'running',
  running: 'running',
  waiting: 'waiting',
  succeeded: 'completed',
  failed: 'error',
  cancelled: 'cancelled',
} as const satisfies Record<TurnStatus, SessionStatus>;

/** What clients are told of a session whose latest relevant turn has this status. */
export function sessionStatusOf(status: TurnStatus): SessionStatus {
  return STATUS_OF_TURN[status];
}
