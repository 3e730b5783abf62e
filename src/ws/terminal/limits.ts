const KIB = 1024;
const MINUTE_MS = 60_000;

export interface TerminalLimits {
  /** That run at once, of one user. */
  perUser: number;
  /** That have ended and may still be looked at. */
  endedPerUser: number;
  scrollbackBytes: number;
  /** Sent to one client beyond what it has acknowledged. */
  windowBytes: number;
  /** Of one frame of output. */
  pieceBytes: number;
  /** The program waits when a client lags by this much, and goes on below half of it. */
  pauseBytes: number;
  /** A client that has not gone on for so long, while the program waits for it, is detached. */
  lagMs: number;
  /** Input that the program has not read. */
  inputBytes: number;
  /** Without a client. */
  detachedMs: number;
  /** Without input or output. */
  idleMs: number;
  lifeMs: number;
  keepEndedMs: number;
  tickMs: number;
}

export const TERMINAL_LIMITS: TerminalLimits = {
  perUser: 8,
  endedPerUser: 8,
  scrollbackBytes: 256 * KIB,
  windowBytes: 64 * KIB,
  pieceBytes: 16 * KIB,
  pauseBytes: 128 * KIB,
  lagMs: 10_000,
  inputBytes: 1024 * KIB,
  detachedMs: 30 * MINUTE_MS,
  idleMs: 8 * 60 * MINUTE_MS,
  lifeMs: 24 * 60 * MINUTE_MS,
  keepEndedMs: 5 * MINUTE_MS,
  tickMs: 1_000,
};
