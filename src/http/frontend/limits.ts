export interface FrontendLimits {
  /** That run at once, of one user. */
  perUser: number;
  /** That have ended and may still be looked at, of one user. */
  endedPerUser: number;
  keepEndedMs: number;
  logBytes: number;
  /** Before it is started again: doubled each time, up to the longest. */
  firstDelayMs: number;
  longestDelayMs: number;
  /** Ended before that: it failed quickly. */
  quickMs: number;
  /** So many in a row, and it is given up. */
  quickFailures: number;
  /** Ended after that: delays begin anew. */
  stableMs: number;
  /** Between looks at its port, growing up to the longest. */
  firstProbeMs: number;
  longestProbeMs: number;
  /** A look at its port, and an end that is asked for, at most. */
  waitMs: number;
  /** How old the last look at the project and its owner may be. */
  freshMs: number;
}

export const FRONTEND_LIMITS: FrontendLimits = {
  perUser: 8,
  endedPerUser: 8,
  keepEndedMs: 60 * 60_000,
  logBytes: 64 * 1024,
  firstDelayMs: 1_000,
  longestDelayMs: 30_000,
  quickMs: 5_000,
  quickFailures: 5,
  stableMs: 60_000,
  firstProbeMs: 250,
  longestProbeMs: 3_000,
  waitMs: 10_000,
  freshMs: 30_000,
};
