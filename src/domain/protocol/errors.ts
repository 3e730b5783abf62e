import { z } from 'zod';

/** What a verb may refuse with. */
export const DOMAIN_ERROR_CODES = [
  'invalid_input',
  'unauthenticated',
  'invalid_credentials',
  'token_expired',
  'forbidden',
  'not_found',
  'conflict',
  'username_taken',
  'email_taken',
  'idempotency_mismatch',
  'unprocessable',
  'not_a_repository',
  'too_large',
  'too_many_requests',
  'queue_full',
  'limit_reached',
  'overloaded',
  'draining',
  'lease_lost',
  'stale_fence',
  'registration_closed',
  'account_disabled',
  'model_not_configured',
  'permission_settled',
  'unavailable',
] as const;
export type DomainErrorCode = (typeof DOMAIN_ERROR_CODES)[number];

/** What the transport refuses with before a verb is reached. */
export const TRANSPORT_ERROR_CODES = [
  'internal',
  'method_not_allowed',
  'origin_not_allowed',
  'unsupported_media_type',
  'payload_too_large',
  'client_closed_request',
] as const;

export const ErrorCode = z.enum([...DOMAIN_ERROR_CODES, ...TRANSPORT_ERROR_CODES]).meta({ id: 'ErrorCode' });
export type ErrorCode = z.infer<typeof ErrorCode>;

/** The body of every refusal. */
export const ErrorBody = z
  .object({ error: z.string().describe('a sentence for users'), code: ErrorCode, request_id: z.string() })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof ErrorBody>;

/** What a client may rely on in any refusal, also one of a proxy in between. */
export const RefusalBody = z.object({
  error: z.string().optional(),
  message: z.string().optional(),
  code: z.string().optional(),
});
