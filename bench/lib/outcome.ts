import type { Pair } from './interleave.ts';
import { type Spread, spreadOf } from './stats.ts';

export type Comparison = 'ratio' | 'difference' | 'value';

export interface Goal {
  at: 'most' | 'least';
  limit: number;
  /** Which figure of the compared series is held against the limit; the median unless told. */
  figure?: 'median' | 'p95';
}

/** One line of the table. */
export interface Outcome {
  row: string;
  unit: string;
  rounds: number;
  baseline: Spread | null;
  measured: Spread;
  comparison: Comparison;
  compared: Spread;
  goal: (Goal & { met: boolean }) | null;
  note?: string;
}

export interface OutcomeInput {
  row: string;
  unit: string;
  comparison: 'ratio' | 'difference';
  pairs: readonly Pair<number>[];
  goal?: Goal;
  note?: string;
}

/** Measured against baseline, round by round. */
export function compare(input: OutcomeInput): Outcome {
  const { row, unit, pairs, comparison, goal, note } = input;
  const compared = spreadOf(
    pairs.map(({ baseline, measured }) =>
      comparison === 'ratio' ? measured / baseline : measured - baseline,
    ),
  );
  return {
    row,
    unit,
    rounds: pairs.length,
    baseline: spreadOf(pairs.map(({ baseline }) => baseline)),
    measured: spreadOf(pairs.map(({ measured }) => measured)),
    comparison,
    compared,
    goal: judge(goal, compared),
    note,
  };
}

/** A figure that has a goal of its own; the baseline only says how fast the machine is. */
export function absolute(input: {
  row: string;
  unit: string;
  values: readonly number[];
  baseline?: readonly number[];
  goal?: Goal;
  note?: string;
}): Outcome {
  const { row, unit, values, baseline, goal, note } = input;
  const measured = spreadOf(values);
  return {
    row,
    unit,
    rounds: values.length,
    baseline: baseline ? spreadOf(baseline) : null,
    measured,
    comparison: 'value',
    compared: measured,
    goal: judge(goal, measured),
    note,
  };
}

function judge(goal: Goal | undefined, compared: Spread): Outcome['goal'] {
  if (!goal) return null;
  const value = compared[goal.figure ?? 'median'];
  return { ...goal, met: goal.at === 'most' ? value <= goal.limit : value >= goal.limit };
}
