export interface Pair<T> {
  baseline: T;
  measured: T;
}

export interface InterleaveOptions<T> {
  rounds: number;
  /** Rounds beforehand that do not count. */
  warmUp?: number;
  signal: AbortSignal;
  baseline(round: number): Promise<T>;
  measured(round: number): Promise<T>;
}

/** Baseline and measured in turns, each going first in every other round, so that drift hits both alike. */
export async function interleave<T>(options: InterleaveOptions<T>): Promise<Pair<T>[]> {
  const { rounds, warmUp = 0, signal } = options;
  const pairs: Pair<T>[] = [];
  for (let round = -warmUp; round < rounds; round += 1) {
    signal.throwIfAborted();
    const pair = round % 2 === 0 ? await baselineFirst(options, round) : await measuredFirst(options, round);
    if (round >= 0) pairs.push(pair);
  }
  return pairs;
}

async function baselineFirst<T>(options: InterleaveOptions<T>, round: number): Promise<Pair<T>> {
  const baseline = await options.baseline(round);
  return { baseline, measured: await options.measured(round) };
}

async function measuredFirst<T>(options: InterleaveOptions<T>, round: number): Promise<Pair<T>> {
  const measured = await options.measured(round);
  return { baseline: await options.baseline(round), measured };
}

/** The pairs of one figure of each measurement. */
export function pick<T>(pairs: readonly Pair<T>[], figure: (value: T) => number): Pair<number>[] {
  return pairs.map(({ baseline, measured }) => ({
    baseline: figure(baseline),
    measured: figure(measured),
  }));
}
