/** `retry`: back off and resume; `fix`: renew what is wrong, then resume; `terminal`: give up. */
export type AfterClose = 'retry' | 'fix' | 'terminal';

interface CloseCode {
  code: number;
  after: AfterClose;
  meaning: string;
}

/** How a server ends a socket. 40xx: retry; 41xx: fix; 42xx: terminal. */
export const CLOSE_CODES = {
  normal: { code: 1000, after: 'retry', meaning: 'the connection was closed' },
  goingAway: { code: 1001, after: 'retry', meaning: 'the server stops' },
  tooLarge: { code: 1009, after: 'retry', meaning: 'a frame was too large' },
  internal: { code: 1011, after: 'retry', meaning: 'something went wrong on the server' },
  draining: { code: 4001, after: 'retry', meaning: 'the server stops soon; connect again within 2 seconds' },
  slowConsumer: { code: 4008, after: 'retry', meaning: 'the client reads too slowly' },
  insufficientState: { code: 4010, after: 'retry', meaning: 'the cursor cannot be honoured' },
  noSignOfLife: { code: 4012, after: 'retry', meaning: 'the client gave no sign of life' },
  rateLimited: { code: 4013, after: 'retry', meaning: 'the client sends too much' },
  overloaded: { code: 4014, after: 'retry', meaning: 'the server has too much to do' },
  tokenExpired: { code: 4101, after: 'fix', meaning: 'the token has expired' },
  badFrames: { code: 4200, after: 'terminal', meaning: 'the server does not understand this client' },
  badToken: { code: 4202, after: 'terminal', meaning: 'the server refused the token' },
  accessRevoked: { code: 4203, after: 'terminal', meaning: 'access was revoked' },
  tooManyConnections: {
    code: 4204,
    after: 'terminal',
    meaning: 'too many connections are open for this user',
  },
  loggedOut: { code: 4206, after: 'terminal', meaning: 'you were logged out' },
} as const satisfies Record<string, CloseCode>;
export type CloseName = keyof typeof CLOSE_CODES;

/** The codes by name. */
export const CLOSE = Object.fromEntries(
  Object.entries(CLOSE_CODES).map(([name, { code }]) => [name, code]),
) as { readonly [Name in CloseName]: (typeof CLOSE_CODES)[Name]['code'] };

/** By the code's class, also for codes that are not known here. */
export function afterClose(code: number): AfterClose {
  if (code >= 4200 && code < 4300) return 'terminal';
  return code >= 4100 && code < 4200 ? 'fix' : 'retry';
}

/** Null for a code that is not of this protocol. */
export function closeMeaning(code: number): string | null {
  return Object.values(CLOSE_CODES).find((known) => known.code === code)?.meaning ?? null;
}
