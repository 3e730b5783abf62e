import type { Comparison, Outcome } from './outcome.ts';
import type { Spread } from './stats.ts';

const COLUMNS = ['row', 'rounds', 'baseline', 'measured', 'compared', 'p10 – p90', 'goal', ''];

/** Medians, the spread of the comparison, and whether the goal is met. */
export function markdownTable(outcomes: readonly Outcome[]): string {
  const lines = [COLUMNS, COLUMNS.map(() => '---'), ...outcomes.map(cells)];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function cells(outcome: Outcome): string[] {
  const { row, rounds, unit, baseline, measured, comparison, compared, goal, note } = outcome;
  return [
    note ? `${row} (${note})` : row,
    String(rounds),
    baseline ? withUnit(baseline.median, unit) : '–',
    withUnit(measured.median, unit),
    `${goal?.figure ? `${goal.figure} ` : ''}${inTermsOf(comparison, figureOf(compared, goal?.figure), unit)}`,
    `${inTermsOf(comparison, compared.p10, unit)} – ${inTermsOf(comparison, compared.p90, unit)}`,
    goal
      ? `${goal.figure ? `${goal.figure} ` : ''}${goal.at === 'most' ? '≤' : '≥'} ${inTermsOf(comparison, goal.limit, unit)}`
      : '–',
    goal ? (goal.met ? '✓' : '✗') : '',
  ];
}

function figureOf(spread: Spread, figure: 'median' | 'p95' = 'median'): number {
  return spread[figure];
}

function inTermsOf(comparison: Comparison, value: number, unit: string): string {
  if (comparison === 'ratio') return `${value.toFixed(2)} ×`;
  const sign = comparison === 'difference' && value > 0 ? '+' : '';
  return `${sign}${withUnit(value, unit)}`;
}

function withUnit(value: number, unit: string): string {
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : size >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}
