/** Bidirectional controls, line separators, invisible operators, tag characters. ZWJ and ZWNJ are in `JOINERS`. */
export const INVISIBLE =
  /[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const JOINERS = /[\u200c\u200d]/g;
/** But for tab and newline. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
export const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROLS_WITHIN_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]|\r(?!\n)/g;

const CONTROL_PICTURES = 0x2400;
const DELETE = 0x7f;

/** For what a user is asked to approve: nothing is dropped, whatever is invisible becomes visible. */
export function revealText(text: string): string {
  return text
    .replace(INVISIBLE, showCodePoint)
    .replace(JOINERS, showCodePoint)
    .replace(CONTROLS, showControl);
}

/** The same for whole files, in which line ends and what joins letters and pictures are no deceit. */
export function revealContent(text: string): string {
  return text.replace(INVISIBLE, showCodePoint).replace(CONTROLS_WITHIN_LINES, showControl);
}

export function showControl(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(CONTROL_PICTURES + code);
  return code === DELETE ? '␡' : showCodePoint(character);
}

function showCodePoint(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
