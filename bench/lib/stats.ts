/** Middle and spread of a series. */
export interface Spread {
  median: number;
  p10: number;
  p90: number;
  p95: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    median: percentile(values, 50),
    p10: percentile(values, 10),
    p90: percentile(values, 90),
    p95: percentile(values, 95),
  };
}

/** Linear between the two nearest ranks; NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = ((sorted.length - 1) * percent) / 100;
  const low = sorted[Math.floor(rank)] ?? Number.NaN;
  const high = sorted[Math.ceil(rank)] ?? Number.NaN;
  return low + (high - low) * (rank - Math.floor(rank));
}
