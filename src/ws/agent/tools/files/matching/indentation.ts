/** What is needed to indent new lines like those that they replace. All lines are without their ends. */
export interface IndentationCase {
  /** The lines as the model assumed them, and as they are; in pairs. */
  wanted: readonly string[];
  found: readonly string[];
  /** The new lines, in the model's indentation. */
  replacement: readonly string[];
  /** The whole file, for its unit of indentation. */
  file: readonly string[];
}

/** One kind of white space, some number of times. */
interface Indent {
  unit: ' ' | '\t' | '';
  count: number;
}

interface Pair {
  from: string;
  to: string;
}

type ReadIndent = (line: string) => string;

/**
 * The new lines with the file's indentation in place of the model's: depths are translated by the pairs of lines or,
 * where these are all equally deep, by the units of both sides. Null when it cannot be told.
 */
export function translateIndentation(given: IndentationCase): string[] | null {
  const hasBlockComments = given.file.some((line) => line.includes('/*'));
  const indentOf: ReadIndent = (line) => {
    const indent = /^[ \t]*/.exec(line)?.[0] ?? '';
    // The stars of a block comment stand one space further in than its depth.
    const isStar = hasBlockComments && line.startsWith('*', indent.length) && indent.endsWith(' ');
    return isStar ? indent.slice(0, -1) : indent;
  };
  const pairs = given.wanted.flatMap((line, index) => {
    const found = given.found[index] ?? '';
    return line.trim() === '' ? [] : [{ from: indentOf(line), to: indentOf(found) }];
  });
  const kept = keptLines(given.wanted, given.found);
  const exact = exactPairs(pairs);
  let scale: ((indent: string) => string | null) | undefined;
  const lines: string[] = [];
  for (const line of given.replacement) {
    const same = line.trim() === '' ? line : kept.get(line);
    const indent = indentOf(line);
    let translated = exact.get(indent);
    if (same === undefined && translated === undefined) {
      scale ??= createScale(pairs, given, indentOf);
      translated = scale(indent);
    }
    if (same === undefined && translated === null) return null;
    lines.push(same ?? translated + line.slice(indent.length));
  }
  return lines;
}

/** Lines that the model repeats unchanged, as they stand in the file. */
function keptLines(wanted: readonly string[], found: readonly string[]): Map<string, string> {
  const kept = new Map<string, string>();
  const unclear = new Set<string>();
  wanted.forEach((line, index) => {
    const real = found[index] ?? '';
    if (kept.has(line) && kept.get(line) !== real) unclear.add(line);
    kept.set(line, real);
  });
  for (const line of unclear) kept.delete(line);
  return kept;
}

/** Null for an indentation that stands for two different ones. */
function exactPairs(pairs: readonly Pair[]): Map<string, string | null> {
  const exact = new Map<string, string | null>();
  for (const { from, to } of pairs) exact.set(from, exact.has(from) && exact.get(from) !== to ? null : to);
  return exact;
}

interface Point {
  model: Indent;
  real: Indent;
}

const unknown = () => null;

/** Gives null when the pairs contradict each other, or the units are not known. */
function createScale(
  pairs: readonly Pair[],
  { replacement, file }: IndentationCase,
  indentOf: ReadIndent,
): (indent: string) => string | null {
  const points = pairs.flatMap(({ from, to }): Point[] => {
    const [model, real] = [parseIndent(from), parseIndent(to)];
    return model && real ? [{ model, real }] : [];
  });
  const [first] = points;
  if (!first) return unknown;
  const fresh = replacement.filter((line) => line.trim() !== '').map((line) => parseIndent(indentOf(line)));
  const modelIndents = [...points.map(({ model }) => model), ...fresh].filter((indent) => indent !== null);
  const modelUnit = unitOf(modelIndents);
  const nearUnit = unitOf(points.map(({ real }) => real));
  const fileIndents = () =>
    file.map((line) => parseIndent(indentOf(line))).filter((indent) => indent !== null);
  const fileUnit = nearUnit === '' ? unitOf(fileIndents()) : nearUnit;
  if (modelUnit === null || fileUnit === null) return unknown;
  const ratio = ratioOf(points, {
    model: () => (modelUnit === '\t' ? 1 : stepOf(modelIndents, first.model)),
    file: () => (fileUnit === '\t' ? 1 : usualStep(file, indentOf)),
  });
  const at = (count: number) => first.real.count + (count - first.model.count) * (ratio ?? 0);
  const fits = points.every(({ model, real }) => at(model.count) === real.count);
  if (ratio === null || ratio <= 0 || !fits) return unknown;
  const unit = fileUnit === '' ? modelUnit : fileUnit;
  return (indent) => {
    const parsed = parseIndent(indent);
    const count = parsed === null ? -1 : at(parsed.count);
    return Number.isInteger(count) && count >= 0 ? unit.repeat(count) : null;
  };
}

/** How many characters of the file's stand for one of the model's; null when unknown. */
function ratioOf(
  points: readonly Point[],
  step: { model: () => number | null; file: () => number | null },
): number | null {
  const [first] = points;
  if (!first) return null;
  const other = points.find(({ model }) => model.count !== first.model.count);
  if (other) return (other.real.count - first.real.count) / (other.model.count - first.model.count);
  const isAlike = first.model.unit === first.real.unit && first.model.count === first.real.count;
  if (isAlike && first.model.count > 0) return 1;
  const fileStep = step.file();
  const modelStep = step.model();
  // A file without any indentation has no habit that could be broken.
  if (fileStep === null) return 1;
  return modelStep === null ? null : fileStep / modelStep;
}

/** The model's own step, in spaces; one space is no step but an alignment. */
function stepOf(indents: readonly Indent[], from: Indent): number | null {
  const distances = indents.map(({ count }) => Math.abs(count - from.count));
  const step = distances.reduce(greatestDivisor, from.count);
  return step > 1 ? step : null;
}

/** The step from a line to a deeper one that is seen most often; null in a file without indentation. */
function usualStep(lines: readonly string[], indentOf: ReadIndent): number | null {
  const seen = new Map<number, number>();
  let before = 0;
  for (const line of lines) {
    const indent = line.trim() === '' ? null : parseIndent(indentOf(line));
    if (indent === null) continue;
    const step = indent.count - before;
    if (step > 0) seen.set(step, (seen.get(step) ?? 0) + 1);
    before = indent.count;
  }
  const [most] = [...seen].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return most?.[0] ?? null;
}

/** `''` where nothing is indented; null where both kinds occur. */
function unitOf(indents: readonly Indent[]): Indent['unit'] | null {
  const hasSpaces = indents.some(({ unit }) => unit === ' ');
  const hasTabs = indents.some(({ unit }) => unit === '\t');
  if (hasSpaces && hasTabs) return null;
  return hasSpaces ? ' ' : hasTabs ? '\t' : '';
}

/** Null for white space of both kinds in one line. */
function parseIndent(indent: string): Indent | null {
  const [unit] = indent;
  if (unit === undefined) return { unit: '', count: 0 };
  if (unit !== ' ' && unit !== '\t') return null;
  return indent === unit.repeat(indent.length) ? { unit, count: indent.length } : null;
}

function greatestDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return x;
}
