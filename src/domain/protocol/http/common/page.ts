import { z } from 'zod';

export const MAX_PAGE_SIZE = 500;

/** Digits only; OpenAPI calls it an integer. */
export const PageLimit = z
  .string()
  .refine((text) => {
    const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
    return limit >= 1 && limit <= MAX_PAGE_SIZE;
  }, `a number from 1 to ${MAX_PAGE_SIZE}`)
  .transform(Number)
  .meta({ type: 'integer', minimum: 1, maximum: MAX_PAGE_SIZE, description: 'how many at most' });

export const PageQuery = z.object({
  limit: PageLimit.optional(),
  cursor: z.string().optional().describe('X-Next-Cursor of the page before'),
});

export const NEXT_CURSOR = { 'X-Next-Cursor': 'where the next page begins; absent on the last one' } as const;

export const Done = z.object({ success: z.literal(true) }).meta({ id: 'Done' });
