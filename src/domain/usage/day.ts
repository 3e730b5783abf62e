const DAY_MS = 24 * 3_600_000;

/** Days since 1970-01-01, UTC. */
export function dayOf(moment: number): number {
  return Math.floor(moment / DAY_MS);
}

/** The first moment after the day, Unix ms. */
export function endOfDay(day: number): number {
  return (day + 1) * DAY_MS;
}
