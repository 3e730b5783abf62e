/** On every answer; all of them are data, none is a document. */
const FIXED = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  // Ignored by browsers over plain http.
  'strict-transport-security': 'max-age=31536000',
  vary: 'Origin',
} as const;

const EXPOSED = 'X-Request-Id, X-Next-Cursor, Retry-After';
const PREFLIGHT_MAX_AGE_SECONDS = '600';

export interface ResponseHeaders {
  /** A new object each time: the server adds to it. */
  build(requestId: string, origin: string | undefined): Record<string, string>;
  isAllowed(origin: string): boolean;
  preflight(allow: string): Record<string, string>;
}

export function createResponseHeaders(origins: readonly string[]): ResponseHeaders {
  const allowed = new Set(origins);
  return {
    build(requestId, origin) {
      const headers: Record<string, string> = { ...FIXED, 'x-request-id': requestId };
      if (origin !== undefined && allowed.has(origin)) {
        headers['access-control-allow-origin'] = origin;
        headers['access-control-expose-headers'] = EXPOSED;
      }
      return headers;
    },
    isAllowed: (origin) => allowed.has(origin),
    preflight: (allow) => ({
      'access-control-allow-methods': allow,
      'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key, X-Request-Id',
      'access-control-max-age': PREFLIGHT_MAX_AGE_SECONDS,
    }),
  };
}
