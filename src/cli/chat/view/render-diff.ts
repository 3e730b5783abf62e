import { type StructuredPatch, structuredPatch } from 'diff';
import { revealText } from '#shared/visible-text.ts';
import type { Style } from '../terminal/style.ts';

const CONTEXT_LINES = 3;
const MAX_LINES = 400;
/** Beyond this many edits a diff costs more than it tells. */
const MAX_EDITS = 4000;

/** The change of one file as lines, additions green and removals red. What is left out is said. */
export function renderDiff(oldContent: string, newContent: string, style: Style): string[] {
  const options = { context: CONTEXT_LINES, maxEditLength: MAX_EDITS };
  const patch: StructuredPatch | undefined = structuredPatch('', '', oldContent, newContent, '', '', options);
  if (!patch)
    return [style.dim(`  (the whole file changes: ${count(oldContent)} → ${count(newContent)} lines)`)];
  if (patch.hunks.length === 0) return [style.dim('  (no change)')];
  const lines = patch.hunks.flatMap((hunk) => [
    style.cyan(`  @@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`),
    ...hunk.lines.map((line) => paint(line, style)),
  ]);
  if (lines.length <= MAX_LINES) return lines;
  return [
    ...lines.slice(0, MAX_LINES),
    style.yellow(`  … ${lines.length - MAX_LINES} more lines of this change`),
  ];
}

function paint(line: string, style: Style): string {
  const text = `  ${revealText(line)}`;
  if (line.startsWith('+')) return style.green(text);
  return line.startsWith('-') ? style.red(text) : style.dim(text);
}

function count(text: string): number {
  return text === '' ? 0 : text.split('\n').length;
}
