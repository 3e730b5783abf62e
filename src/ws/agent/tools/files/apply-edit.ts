const MAX_HINT_COMPARISONS = 5_000_000;

export interface Edit {
  old_string: string;
  new_string: string;
  replace_all?: boolean;
}

export type Applied = { ok: true; text: string; note?: string } | { ok: false; error: string };

/**
 * Replaces text by text. All line ends are LF. Without an exact match, lines that differ in white space only
 * are taken instead, when there is one such place, and the replacement is indented like them.
 */
export function applyEdit(text: string, edit: Edit): Applied {
  const search = edit.old_string.replaceAll('\r\n', '\n');
  const replacement = edit.new_string.replaceAll('\r\n', '\n');
  if (search === '') return { ok: false, error: 'old_string is empty; only a new file may be made that way' };
  if (search === replacement) return { ok: false, error: 'old_string and new_string are the same' };
  const first = text.indexOf(search);
  if (first === -1) return applyLoosely(text, search, replacement);
  if (edit.replace_all) return { ok: true, text: text.split(search).join(replacement) };
  if (text.indexOf(search, first + 1) !== -1) {
    return {
      ok: false,
      error: 'old_string occurs more than once; add surrounding lines to make it unique, or set replace_all',
    };
  }
  return { ok: true, text: text.slice(0, first) + replacement + text.slice(first + search.length) };
}

function applyLoosely(text: string, search: string, replacement: string): Applied {
  const lines = text.split('\n');
  const wanted = trimBlankEnds(search.split('\n'));
  const keys = wanted.map(looseKey);
  if (keys.every((key) => key === '')) return { ok: false, error: notFoundHint(lines, keys) };
  const lineKeys = lines.map(looseKey);
  const starts: number[] = [];
  for (let start = 0; start + keys.length <= lines.length; start += 1) {
    if (keys.every((key, offset) => key === lineKeys[start + offset])) starts.push(start);
  }
  const [start] = starts;
  if (start === undefined) return { ok: false, error: notFoundHint(lines, keys) };
  if (starts.length > 1) {
    return {
      ok: false,
      error: 'old_string was not found exactly, and several places differ from it in white space only',
    };
  }
  const found = lines.slice(start, start + keys.length);
  const indented = reindent(trimBlankEnds(replacement.split('\n')), wanted, found);
  return {
    ok: true,
    text: [
      ...lines.slice(0, start),
      ...(replacement === '' ? [] : indented),
      ...lines.slice(start + keys.length),
    ].join('\n'),
    note: 'old_string matched only when differences in white space were ignored; the replacement was indented to fit.',
  };
}

function looseKey(line: string): string {
  return line.trim().replace(/\s+/g, ' ');
}

function trimBlankEnds(lines: string[]): string[] {
  let from = 0;
  let to = lines.length;
  while (from < to - 1 && lines[from]?.trim() === '') from += 1;
  while (to > from + 1 && lines[to - 1]?.trim() === '') to -= 1;
  return lines.slice(from, to);
}

/** Puts the indentation that the file has in place of the one that the model assumed. */
function reindent(
  replacement: readonly string[],
  wanted: readonly string[],
  found: readonly string[],
): string[] {
  const known = new Map(wanted.map((line, index) => [indentOf(line), indentOf(found[index] ?? '')]));
  const base = wanted.findIndex((line) => line.trim() !== '');
  const from = indentOf(wanted[base] ?? '');
  const to = indentOf(found[base] ?? '');
  return replacement.map((line) => {
    if (line.trim() === '') return line;
    const indent = indentOf(line);
    const mapped = known.get(indent) ?? (indent.startsWith(from) ? to + indent.slice(from.length) : indent);
    return mapped + line.slice(indent.length);
  });
}

function indentOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** Shows the place that is most like what was looked for, if at least half of its lines are. */
function notFoundHint(lines: readonly string[], keys: readonly string[]): string {
  const base = 'old_string was not found in the file';
  if (lines.length * keys.length > MAX_HINT_COMPARISONS) return base;
  const lineKeys = lines.map(looseKey);
  let best = { start: -1, score: 0 };
  for (let start = 0; start < lines.length; start += 1) {
    const score = keys.filter((key, offset) => key !== '' && lineKeys[start + offset] === key).length;
    if (score > best.score) best = { start, score };
  }
  if (best.start === -1 || best.score * 2 < keys.length) return base;
  const region = lines
    .slice(best.start, best.start + keys.length)
    .slice(0, 20)
    .map((line) => line.replaceAll('\t', '→').replace(/^ +/, (spaces) => '·'.repeat(spaces.length)))
    .join('\n');
  return `${base}. The closest place starts at line ${best.start + 1} (tabs shown as →, leading spaces as ·):\n${region}`;
}
