import { MAX_EDIT_BYTES, MAX_LOOSE_CHARS, MAX_REPLACEMENTS } from '../../limits.ts';
import { translateIndentation } from './indentation.ts';
import { asLineFeeds, BYTE_ORDER_MARK, type LineFeedView, toLineFeeds } from './line-ends.ts';
import { type Region, replaceRegions } from './replace-regions.ts';

/** Lines that are compared with each other at most, in search of a place that is only nearly the same. */
const MAX_COMPARISONS = 2_000_000;
const MAX_HINT_LINES = 20;

export interface Edit {
  old_string: string;
  new_string: string;
  replace_all?: boolean;
}

export type Applied = { ok: true; text: string; note?: string } | { ok: false; error: string };

/**
 * Replaces text by text and leaves every other byte as it is. Line ends do not matter for what is looked for, and
 * new lines end like their surroundings. Without an exact match, lines that differ in white space only are taken
 * instead, when there is one such place, and the replacement is indented like them.
 */
export function applyEdit(whole: string, edit: Edit): Applied {
  const mark = whole.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const raw = whole.slice(mark.length);
  const applied = applyToBody(raw, edit, {
    search: toLineFeeds(withoutMark(edit.old_string, mark)),
    replacement: toLineFeeds(withoutMark(edit.new_string, mark)),
  });
  return applied.ok ? { ...applied, text: mark + applied.text } : applied;
}

function applyToBody(raw: string, edit: Edit, texts: { search: string; replacement: string }): Applied {
  const { search, replacement } = texts;
  if (search === '') return failed('old_string is empty; only a new file may be made that way');
  if (search === replacement) return changeLineEnds(raw, edit);
  const view = asLineFeeds(raw);
  const first = view.text.indexOf(search);
  if (first === -1) return applyLoosely(raw, view, edit, texts).applied;
  if (!edit.replace_all && replacement.includes('\n') && startsInIndent(view.text, first)) {
    // The model takes the line to be less deep than it is; its other lines would be too.
    const { placed, applied } = applyLoosely(raw, view, edit, texts);
    if (placed) return applied;
  }
  if (!edit.replace_all && view.text.indexOf(search, first + 1) !== -1) return failed(NOT_UNIQUE);
  const regions = edit.replace_all
    ? occurrences(view.text, search, replacement)
    : [{ start: first, end: first + search.length, text: replacement }];
  const growth = (replacement.length - search.length) * regions.length;
  if (regions.length > MAX_REPLACEMENTS || raw.length + growth > MAX_EDIT_BYTES) return failed(TOO_LARGE);
  return { ok: true, text: replaceRegions(raw, view, regions, lineEndOf(edit.new_string)) };
}

/** Whether a match begins with white space, behind further white space of its line. */
function startsInIndent(text: string, at: number): boolean {
  const before = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  return before !== '' && before.trim() === '' && /^[ \t]/.test(text.slice(at, at + 1));
}

const NOT_EXACT = 'old_string was not found in the file; in so large a file it must match exactly';
const TOO_LARGE = 'The outcome would be too large; change fewer places at a time';
const NOT_UNIQUE =
  'old_string occurs more than once; add surrounding lines to make it unique, or set replace_all';

/** Both texts are the same but for their line ends: then these are what is to be changed. */
function changeLineEnds(raw: string, { old_string, new_string, replace_all }: Edit): Applied {
  if (old_string === new_string) return failed('old_string and new_string are the same');
  const first = raw.indexOf(old_string);
  if (first === -1) return failed('old_string was not found in the file with these line ends');
  if (replace_all) {
    const places = occurrences(raw, old_string, new_string);
    const growth = (new_string.length - old_string.length) * places.length;
    if (places.length > MAX_REPLACEMENTS || raw.length + growth > MAX_EDIT_BYTES) return failed(TOO_LARGE);
    return { ok: true, text: raw.replaceAll(old_string, () => new_string) };
  }
  if (raw.indexOf(old_string, first + 1) !== -1) return failed(NOT_UNIQUE);
  return { ok: true, text: raw.slice(0, first) + new_string + raw.slice(first + old_string.length) };
}

function occurrences(text: string, search: string, replacement: string): Region[] {
  const regions: Region[] = [];
  for (let at = text.indexOf(search); at !== -1; at = text.indexOf(search, at + search.length)) {
    regions.push({ start: at, end: at + search.length, text: replacement });
    if (regions.length > MAX_REPLACEMENTS) break;
  }
  return regions;
}

function applyLoosely(
  raw: string,
  view: LineFeedView,
  edit: Edit,
  { search, replacement }: { search: string; replacement: string },
): { placed: boolean; applied: Applied } {
  if (raw.length > MAX_LOOSE_CHARS) return { placed: false, applied: failed(NOT_EXACT) };
  const lines = view.text.split('\n');
  const wanted = trimBlankEnds(search.split('\n'));
  const keys = wanted.map(looseKey);
  const starts = keys.every((key) => key === '') ? [] : loosePlaces(lines.map(looseKey), keys);
  const [start] = starts ?? [];
  if (start === undefined) return { placed: false, applied: failed(notFoundHint(lines, keys)) };
  if (starts && starts.length > 1) {
    return {
      placed: false,
      applied: failed(
        'old_string was not found exactly, and several places differ from it in white space only',
      ),
    };
  }
  const end = start + keys.length;
  const found = lines.slice(start, end);
  const fresh = translateIndentation({
    wanted,
    found,
    replacement: trimBlankEnds(replacement.split('\n')),
    file: lines,
  });
  if (fresh === null) {
    const applied = failed(
      `old_string was found at line ${start + 1}, but with other indentation, and it cannot be told how new_string has to be indented there. Copy the lines as they are (tabs shown as →, leading spaces as ·):\n${visible(found)}`,
    );
    return { placed: true, applied };
  }
  const region = regionOfLines(lines, start, end, replacement === '' ? null : fresh.join('\n'));
  const applied: Applied = {
    ok: true,
    text: replaceRegions(raw, view, [region], lineEndOf(edit.new_string)),
    note: 'old_string matched only when differences in white space were ignored; the replacement was indented to fit.',
  };
  return { placed: true, applied };
}

/** Without a text the lines go with the end of the last, or the one before the first. */
function regionOfLines(lines: readonly string[], start: number, end: number, text: string | null): Region {
  const from = lines.slice(0, start).reduce((sum, line) => sum + line.length + 1, 0);
  const to = lines.slice(start, end).reduce((sum, line) => sum + line.length + 1, from);
  if (text !== null) return { start: from, end: to - 1, text };
  return end < lines.length
    ? { start: from, end: to, text: '' }
    : { start: Math.max(0, from - 1), end: to - 1, text: '' };
}

/** Where all lines fit; at most two places. Null when that would take too long to find. */
function loosePlaces(lineKeys: readonly string[], keys: readonly string[]): number[] | null {
  const starts: number[] = [];
  let left = MAX_COMPARISONS;
  for (let start = 0; start + keys.length <= lineKeys.length && starts.length < 2; start += 1) {
    let same = 0;
    while (same < keys.length && keys[same] === lineKeys[start + same]) same += 1;
    left -= same;
    if (left < 0) return null;
    if (same === keys.length) starts.push(start);
  }
  return starts;
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

/** Shows the place that is most like what was looked for, if at least half of its lines are. */
function notFoundHint(lines: readonly string[], keys: readonly string[]): string {
  const base = 'old_string was not found in the file';
  if (lines.length * keys.length > MAX_COMPARISONS) return base;
  const lineKeys = lines.map(looseKey);
  let best = { start: -1, score: 0 };
  for (let start = 0; start < lines.length; start += 1) {
    const score = keys.filter((key, offset) => key !== '' && lineKeys[start + offset] === key).length;
    if (score > best.score) best = { start, score };
  }
  if (best.start === -1 || best.score * 2 < keys.length) return base;
  const region = visible(lines.slice(best.start, best.start + keys.length));
  return `${base}. The closest place starts at line ${best.start + 1} (tabs shown as →, leading spaces as ·):\n${region}`;
}

function visible(lines: readonly string[]): string {
  return lines
    .slice(0, MAX_HINT_LINES)
    .map((line) => line.replaceAll('\t', '→').replace(/^ +/, (spaces) => '·'.repeat(spaces.length)))
    .join('\n');
}

function withoutMark(text: string, mark: string): string {
  return mark !== '' && text.startsWith(mark) ? text.slice(mark.length) : text;
}

function lineEndOf(text: string): '\n' | '\r\n' {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

function failed(error: string): Applied {
  return { ok: false, error };
}
