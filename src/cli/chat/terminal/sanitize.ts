import { CONTROLS, INVISIBLE, revealText, showControl } from '#shared/visible-text.ts';

/**
 * Text from models, tools and other people must not steer the terminal. All functions are free of context,
 * so that a stream may be cleaned chunk by chunk.
 */

/** CSI, OSC, DCS and two-character escape sequences. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g;

/** For running text: newline and tab stay, other controls are shown, invisible characters are dropped. */
export function sanitizeText(text: string): string {
  return text.replace(INVISIBLE, '').replace(CONTROLS, showControl);
}

/** For program output: colours and cursor movements are dropped, an overwritten line shows its last state. */
export function sanitizeOutput(text: string): string {
  const lines = text.replace(SEQUENCES, '').replaceAll('\r\n', '\n').split('\n');
  return sanitizeText(lines.map(lastState).join('\n'));
}

/** For names, titles and paths: `revealText` on one line. */
export function revealLine(text: string): string {
  return revealText(text).replaceAll('\n', '␊').replaceAll('\t', '␉');
}

function lastState(line: string): string {
  const end = line.endsWith('\r') ? line.length - 1 : line.length;
  return line.slice(line.lastIndexOf('\r', end - 1) + 1, end);
}
