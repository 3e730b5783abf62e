import type { z } from 'zod';
import { DomainError } from './errors.ts';

/** Throws `invalid_input` that names the first offending field; never repeats a value. */
export function parseInput<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') || undefined;
  const reason = (issue?.message ?? 'not valid').replace(/^Invalid input: /, '');
  throw new DomainError('invalid_input', field ? `${field}: ${reason}` : `The body is not valid: ${reason}`, {
    field,
  });
}
