/**
 * Text from models, tools and other people must not steer the terminal. All functions are free of context,
 * so that a stream may be cleaned chunk by chunk.
 */

/** Bidirectional controls, line separators, invisible operators, tag characters. ZWJ and ZWNJ are in `JOINERS`. */
const INVISIBLE =
  /[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const JOINERS = /[\u200c\u200d]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** CSI, OSC, DCS and two-character escape sequences. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g;

const CONTROL_PICTURES = 0x2400;
const DELETE = 0x7f;

/** For running text: newline and tab stay, other controls are shown, invisible characters are dropped. */
export function sanitizeText(text: string): string {
  return text.replace(INVISIBLE, '').replace(CONTROLS, showControl);
}

/** For program output: colours and cursor movements are dropped, an overwritten line shows its last state. */
export function sanitizeOutput(text: string): string {
  const lines = text.replace(SEQUENCES, '').replaceAll('\r\n', '\n').split('\n');
  return sanitizeText(lines.map(lastState).join('\n'));
}

/** For what a user is asked to approve: nothing is dropped, whatever is invisible becomes visible. */
export function revealText(text: string): string {
  return text
    .replace(INVISIBLE, showCodePoint)
    .replace(JOINERS, showCodePoint)
    .replace(CONTROLS, showControl);
}

/** For names, titles and paths: `revealText` on one line. */
export function revealLine(text: string): string {
  return revealText(text).replaceAll('\n', '␊').replaceAll('\t', '␉');
}

function lastState(line: string): string {
  const end = line.endsWith('\r') ? line.length - 1 : line.length;
  return line.slice(line.lastIndexOf('\r', end - 1) + 1, end);
}

function showControl(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(CONTROL_PICTURES + code);
  return code === DELETE ? '␡' : showCodePoint(character);
}

function showCodePoint(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
