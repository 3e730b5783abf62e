/** 40xx: back off and resume; 41xx: fix, then resume; 42xx: terminal. */
export const CLOSE = {
  goingAway: 1001,
  internal: 1011,
  draining: 4001,
  slowConsumer: 4008,
  noSignOfLife: 4012,
  rateLimited: 4013,
  overloaded: 4014,
  tokenExpired: 4101,
  badFrames: 4200,
  accessRevoked: 4203,
  loggedOut: 4206,
} as const;
