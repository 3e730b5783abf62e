import { DomainError } from '#domain/errors.ts';
import { MAX_PAGE_SIZE, type Page } from '#domain/page.ts';
import { ok, type Reply, type RouteRequest } from '../kit/route.ts';

/** `limit` of the query, 1 to 500. Throws `invalid_input`. */
export function readLimit(request: Pick<RouteRequest, 'query'>): number | undefined {
  const text = request.query('limit');
  if (text === undefined || text === '') return undefined;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_PAGE_SIZE) return limit;
  throw new DomainError('invalid_input', `limit: a number from 1 to ${MAX_PAGE_SIZE}`, { field: 'limit' });
}

export function readPageQuery(request: Pick<RouteRequest, 'query'>): { limit?: number; cursor?: string } {
  return { limit: readLimit(request), cursor: request.query('cursor') || undefined };
}

/** A bare array; where it goes on is in the header. */
export function pageReply<T>(page: Page<T>, toView: (item: T) => unknown): Reply {
  return ok(page.items.map(toView), nextCursorHeader(page.next));
}

export function nextCursorHeader(next: string | null): Record<string, string> | undefined {
  return next === null ? undefined : { 'x-next-cursor': next };
}
