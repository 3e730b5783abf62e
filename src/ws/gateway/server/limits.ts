const KIB = 1024;
const MIB = 1024 * KIB;

export interface GatewayLimits {
  socketsPerUser: number;
  /** Upgrades with a valid token; a tab of some clients opens one every three seconds for ever. */
  connectsPerUserPerMinute: number;
  /** Refused ones; clients with a stale token repeat them just as often. */
  failedConnectsPerAddressPerMinute: number;
  framesPerSecond: number;
  frameBurst: number;
  /** Of terminals; beyond it they count like others. */
  terminalFramesPerSecond: number;
  terminalFrameBurst: number;
  /** A longer client frame is answered with an error; a `message` may be as long as a prompt over HTTP. */
  maxFrameBytes: number;
  maxMessageFrameBytes: number;
  /** A longer one closes the socket with 1009 before it is read to the end. */
  maxPayloadBytes: number;
  badFramesInARow: number;
  /** Buffered bytes of one socket: live sending stops, goes on below `resumeBytes`, and ends with 4008. */
  softBytes: number;
  resumeBytes: number;
  hardBytes: number;
  stallMs: number;
  /** Buffered bytes of all sockets. */
  totalBytes: number;
  heartbeatMs: number;
  silenceMs: number;
  /** How old the last look at a login session may be. */
  accessCheckMs: number;
  headCheckMs: number;
  /** A socket opened with a session id attaches by itself when it says nothing for so long. */
  attachGraceMs: number;
  drainMs: number;
  tickMs: number;
}

export const GATEWAY_LIMITS: GatewayLimits = {
  socketsPerUser: 20,
  connectsPerUserPerMinute: 600,
  failedConnectsPerAddressPerMinute: 600,
  framesPerSecond: 20,
  frameBurst: 60,
  terminalFramesPerSecond: 300,
  terminalFrameBurst: 1000,
  maxFrameBytes: 64 * KIB,
  maxMessageFrameBytes: 2 * MIB + 64 * KIB,
  maxPayloadBytes: 3 * MIB,
  badFramesInARow: 3,
  softBytes: 256 * KIB,
  resumeBytes: 64 * KIB,
  hardBytes: MIB,
  stallMs: 10_000,
  totalBytes: 256 * MIB,
  heartbeatMs: 25_000,
  silenceMs: 35_000,
  accessCheckMs: 45_000,
  headCheckMs: 10_000,
  attachGraceMs: 2_500,
  drainMs: 10_000,
  tickMs: 1_000,
};
