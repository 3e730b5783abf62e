import type { Page } from '#domain/page.ts';
import { ok } from '../kit/route.ts';

/** A bare array; where it goes on is in the header. */
export function pageReply<T, View>(page: Page<T>, toView: (item: T) => View) {
  return ok(page.items.map(toView), nextCursorHeader(page.next));
}

export function nextCursorHeader(next: string | null): Record<string, string> | undefined {
  return next === null ? undefined : { 'x-next-cursor': next };
}
