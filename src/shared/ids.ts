import { randomBytes } from 'node:crypto';
import { v5, v7, validate } from 'uuid';

/** A UUIDv7: unique, and ordered by creation time. */
export function newId(): string {
  return v7();
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && validate(value);
}

/** `bits` random bits (a multiple of 8) as base64url. */
export function randomToken(bits: number): string {
  return randomBytes(bits / 8).toString('base64url');
}

/** The same two inputs always give the same id (UUIDv5 of `name` within `scope`, itself a UUID). */
export function derivedId(scope: string, name: string): string {
  return v5(name, scope);
}
