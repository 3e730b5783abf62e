import { newId } from '#shared/ids.ts';

const SANE = /^[A-Za-z0-9._:-]{1,64}$/;

/** A caller's own id, so that it can follow a request through a chain of services; else a new one. */
export function requestIdOf(incoming: string | undefined): string {
  return incoming !== undefined && SANE.test(incoming) ? incoming : newId();
}
