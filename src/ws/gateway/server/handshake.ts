import type { IncomingMessage } from 'node:http';

const BEARER_PROTOCOL = /^bearer\.([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/;
const MAX_TOKEN_LENGTH = 8192;

export interface Handshake {
  token: string | null;
  /** The subprotocol that carried the token; it has to be confirmed. */
  protocol: string | null;
  sessionId: string | null;
  origin: string | null;
}

/** Reads what an upgrade request says. */
export function readHandshake(request: Pick<IncomingMessage, 'url' | 'headers'>): Handshake {
  const [, search = ''] = /\?(.*)/s.exec(request.url ?? '') ?? [];
  const query = new URLSearchParams(search);
  const protocol = bearerProtocol(request.headers['sec-websocket-protocol']);
  const header = /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const token = query.get('token') || header || protocol?.token || null;
  return {
    token: token !== null && token.length <= MAX_TOKEN_LENGTH ? token : null,
    protocol: protocol?.name ?? null,
    sessionId: query.get('session_id') || null,
    origin: request.headers.origin ?? null,
  };
}

function bearerProtocol(header: string | undefined): { name: string; token: string } | null {
  for (const offered of (header ?? '').split(',')) {
    const name = offered.trim();
    const token = BEARER_PROTOCOL.exec(name)?.[1];
    if (token) return { name, token };
  }
  return null;
}

/** Browsers send their page's origin and must be listed; other clients send none. Exact comparison. */
export function originAllowed(origin: string | null, allowed: ReadonlySet<string>): boolean {
  return origin === null || allowed.has(origin);
}
