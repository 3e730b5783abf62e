import { isId } from '#shared/ids.ts';
import { DomainError } from './errors.ts';
import { MAX_PAGE_SIZE } from './protocol/http/common/page.ts';

export { MAX_PAGE_SIZE };

export interface PageInput {
  limit?: number;
  /** The `next` of the page before. */
  cursor?: string;
}

export interface Page<T> {
  items: T[];
  /** Null on the last page. */
  next: string | null;
}

/** Reads one row more than asked for, to know whether there is a next page. */
export async function readPage<T extends { id: string }>(
  input: PageInput,
  read: (page: { limit: number; before?: string }) => Promise<T[]>,
): Promise<Page<T>> {
  const limit = input.limit ?? MAX_PAGE_SIZE;
  if (input.cursor !== undefined && !isId(input.cursor)) {
    throw new DomainError('invalid_input', 'cursor: not a cursor of this list', { field: 'cursor' });
  }
  const rows = await read({ limit: limit + 1, before: input.cursor });
  if (rows.length <= limit) return { items: rows, next: null };
  const items = rows.slice(0, limit);
  return { items, next: items.at(-1)?.id ?? null };
}
