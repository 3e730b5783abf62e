/** How a coordinator keeps its leases, in ms. */
export interface CoordinatorIntervals {
  lease: number;
  /** Between renewals: also how often cancel flags are looked at that no hint told of. */
  renew: number;
  /** Since a renewal was sent, after which the owner stops by itself: well before the lease ends. */
  selfFence: number;
  /** Between looks for turns that no hint told of. */
  poll: number;
  /** Between sweeps of lost owners and unanswered requests. */
  sweep: number;
  /** For which a turn rests that may have ended its process. */
  quarantine: number;
}

export const COORDINATOR_INTERVALS: CoordinatorIntervals = {
  lease: 15_000,
  renew: 2_000,
  selfFence: 10_000,
  poll: 1_000,
  sweep: 3_000,
  quarantine: 30_000,
};
