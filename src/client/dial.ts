/** The part of the W3C interface that is used: browsers and `ws` have it. */
export interface WebSocketLike {
  readonly readyState: number;
  send(data: string): void;
  close(): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number }) => void): void;
  addEventListener(type: 'error', listener: (event: object) => void): void;
}

export const SOCKET_OPEN = 1;

/** The upgrade was answered with an HTTP status. */
export interface Refusal {
  status: number;
  message: string;
}

export interface Dialed {
  socket: WebSocketLike;
  /** Ends the connection without waiting for the other side. */
  abandon(): void;
  /** Resolves when the upgrade was refused, where the platform tells. */
  refused?: Promise<Refusal>;
  /** Why the connection failed, where the platform tells. */
  failure?(): string;
}

/** Begins a connection; `token` proves who calls. */
export type Dial = (target: { url: URL; token: string }) => Dialed;

type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** For platforms whose sockets take no headers: the token goes as a subprotocol, which nothing logs. */
export function dialWith(WebSocket: WebSocketConstructor): Dial {
  return ({ url, token }) => {
    const socket = new WebSocket(url.href, [`bearer.${token}`]);
    return { socket, abandon: () => socket.close() };
  };
}
