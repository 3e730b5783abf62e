import type { PermissionRequestView } from '#domain/protocol/views/permission-request.ts';
import type { ToolCallView } from '#domain/protocol/views/tool-call.ts';
import { truncate } from '#shared/text.ts';
import { revealText } from '#shared/visible-text.ts';
import { revealLine, sanitizeOutput } from '../terminal/sanitize.ts';
import type { Style } from '../terminal/style.ts';
import { renderDiff } from './render-diff.ts';

const TAIL_LINES = 12;
const MAX_LINE_CHARACTERS = 500;
const MAIN_ARGUMENTS = ['command', 'file_path', 'path', 'pattern', 'url', 'query', 'shell_id', 'prompt'];
/** Their results are for the model; a user sees that they ran. */
const QUIET_TOOLS = new Set(['view', 'ls', 'write', 'edit', 'multiedit', 'todos']);

/** `● name argument`, on one line. */
export function toolHeader(call: ToolCallView, style: Style, width: number): string {
  const name = revealLine(call.name);
  const room = Math.max(20, width - name.length - 4);
  const argument = ellipsis(revealLine(mainArgument(call.input ?? '')), room);
  return `${style.cyan('●')} ${style.bold(name)}${argument === '' ? '' : ` ${argument}`}`;
}

/** What of a finished call's result is worth seeing, indented. */
export function toolResult(call: ToolCallView, style: Style): string[] {
  if (call.status === 'cancelled') return [style.yellow('  ✗ cancelled')];
  if (call.status === 'timeout') return [style.red('  ✗ timed out')];
  if (call.is_error || call.status === 'error') {
    const text = sanitizeOutput(call.error_message || call.result || 'failed').trim();
    return [style.red(`  ✗ ${ellipsis(text.split('\n')[0] ?? '', MAX_LINE_CHARACTERS)}`)];
  }
  if (QUIET_TOOLS.has(call.name)) return [];
  return tail(outputLines(call.result ?? ''), style);
}

/** Lines of a program's output that is still running: complete ones only. */
export function runningLines(result: string): string[] {
  return outputLines(result.slice(0, result.lastIndexOf('\n') + 1));
}

/**
 * The lines of `next` that follow what `previous` ended with. Both may be tails of one growing output, cut at
 * their beginning; a gap between them is marked.
 */
export function freshLines(previous: readonly string[], next: readonly string[]): readonly string[] {
  if (previous.length === 0) return next;
  for (let dropped = 0; dropped < previous.length; dropped++) {
    const anchor = previous.slice(dropped);
    for (let at = next.length - anchor.length; at >= 0; at--) {
      if (anchor.every((line, index) => line === next[at + index])) return next.slice(at + anchor.length);
    }
  }
  return ['…', ...next];
}

export function indentLine(line: string, style: Style): string {
  return `  ${style.dim(ellipsis(line, MAX_LINE_CHARACTERS))}`;
}

export function outputLines(result: string): string[] {
  const text = sanitizeOutput(result.replace(/\s*<cwd>[^<]*<\/cwd>\s*$/, '')).replace(/\s+$/, '');
  return text === '' ? [] : text.split('\n');
}

function tail(lines: string[], style: Style): string[] {
  const hidden = Math.max(0, lines.length - TAIL_LINES);
  const shown = lines.slice(hidden).map((line) => indentLine(line, style));
  return hidden > 0 ? [`  ${style.dim(`… ${hidden} more lines`)}`, ...shown] : shown;
}

/** All that the user is about to approve, with everything invisible made visible. */
export function permissionCard(request: PermissionRequestView, style: Style): string[] {
  const params = isRecord(request.params) ? request.params : {};
  const title = `${revealLine(request.tool_name)} wants to ${revealLine(request.action || 'run')}`;
  const where = request.path ? ` in ${revealLine(request.path)}` : '';
  const lines = [`${style.yellow('?')} ${style.bold(title)}${where}`];
  if (request.description) lines.push(`  ${style.dim(revealLine(request.description))}`);
  const change = changeOf(params);
  if (change) {
    if (typeof params.file_path === 'string') lines.push(`  ${revealLine(params.file_path)}`);
    return [...lines, ...renderDiff(change.before, change.after, style)];
  }
  if (typeof params.command === 'string') {
    lines.push(...indent(params.command, '  $ '));
    if (params.run_in_background === true) lines.push(style.dim('  (in the background)'));
    if (typeof params.working_dir === 'string') {
      lines.push(style.dim(`  (working directory ${revealLine(params.working_dir)})`));
    }
    return lines;
  }
  if (typeof params.diff === 'string') return [...lines, ...indent(params.diff, '  ')];
  const text =
    typeof request.params === 'string' ? request.params : JSON.stringify(request.params ?? {}, null, 2);
  return text === '{}' ? lines : [...lines, ...indent(text, '  ')];
}

/** The change that a finished call tells of in its result's metadata; empty when it tells of none. */
export function recordedChange(metadata: string | undefined, style: Style): string[] {
  const value = parseJson(metadata ?? '');
  const change = isRecord(value) ? changeOf(value) : null;
  return change ? renderDiff(change.before, change.after, style) : [];
}

function changeOf(params: Record<string, unknown>): { before: string; after: string } | null {
  const { old_content: before = '', new_content: after } = params;
  return typeof before === 'string' && typeof after === 'string' ? { before, after } : null;
}

function indent(text: string, first: string): string[] {
  const rest = ' '.repeat(first.length);
  return revealText(text)
    .split('\n')
    .map((line, index) => `${index === 0 ? first : rest}${line}`);
}

function mainArgument(input: string): string {
  const value = parseJson(input);
  if (!isRecord(value)) return input.trim();
  for (const key of MAIN_ARGUMENTS) {
    const argument = value[key];
    if (typeof argument === 'string' && argument !== '') return argument;
  }
  return Object.values(value).find((argument) => typeof argument === 'string') ?? '';
}

function ellipsis(text: string, max: number): string {
  return text.length <= max ? text : `${truncate(text, max - 1)}…`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
