import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** Longer waits end at once: a timer's milliseconds are a signed 32-bit number. */
export const MAX_TIMER_SECONDS = 2_147_483;

export const Port = z
  .union([z.number().int(), z.string().regex(/^\d+$/, 'must be a port number')])
  .transform(Number)
  .refine((port) => port >= 0 && port <= 65_535, 'must be a port from 0 to 65535');

export const Flag = z.boolean('must be true or false');

export const Origin = z.string().refine((value) => {
  try {
    return new URL(value).origin === value;
  } catch {
    return false;
  }
}, 'must be an exact origin such as https://crush.example.com');

export const OptionalUrl = z.union([z.literal(''), z.url()]);

/** Marks texts in which `~` is the home directory. */
const PATH_FORMAT = 'path';

export const Path = z.string().meta({ format: PATH_FORMAT });

export const AbsolutePath = z
  .string()
  .startsWith('/', 'must be an absolute path')
  .meta({ format: PATH_FORMAT });

export function isPath(schema: z.ZodType): boolean {
  return schema.meta()?.format === PATH_FORMAT;
}

export function wholeNumber(min: number, max: number): z.ZodInt {
  return z.int().min(min).max(max);
}

/** A duration that ends up in a timer. */
export function seconds(min: number): z.ZodInt {
  return wholeNumber(min, MAX_TIMER_SECONDS);
}

const NOT_AVAILABLE = 'not available in this version: leave it out';

/** A key that the configuration knows and this version does nothing with: only its default is accepted. */
export function notAvailable<T extends z.ZodType>(schema: T): T {
  const fallback = schema.parse(undefined);
  return schema.refine((value) => isDeepStrictEqual(value, fallback), NOT_AVAILABLE);
}

/** Whether this or whatever is below it refuses all but its default. */
export function isNotAvailable(schema: z.ZodType): boolean {
  const checks = schema.def.checks ?? [];
  return checks.some((check) => {
    const { error } = check._zod.def as { error?: () => unknown };
    return error?.() === NOT_AVAILABLE;
  });
}
