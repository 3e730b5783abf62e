const ESC = '\u001b';
const BEL = '\u0007';
/** CSI (colours, movements), OSC and its like (titles, links), and the short ones; also cut off ones. */
const ESCAPES = new RegExp(
  [
    String.raw`(?:${ESC}\[|\u009b)[0-?]*[ -/]*[@-~]?`,
    String.raw`${ESC}[\]PX^_][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\)?`,
    String.raw`${ESC}[ -/]*[0-Z\\^-~]?`,
  ].join('|'),
  'g',
);
/** All but tab, line feed, backspace and carriage return. */
const CONTROLS = /(?![\t\n\b\r])\p{Cc}/gu;

/**
 * What a terminal would show at the end: without colours and other escapes, and of lines that were written over, as
 * progress is, the last state. Takes time in proportion to the text.
 */
export function terminalText(raw: string): string {
  const text = raw.replace(ESCAPES, '').replace(CONTROLS, '');
  if (!text.includes('\r') && !text.includes('\b')) return text;
  return text
    .split('\n')
    .map((line) => lastState(line.includes('\b') ? withoutBackspaces(line) : line))
    .join('\n');
}

/** What was written last into a line; blanks wipe it. */
function lastState(line: string): string {
  if (!line.includes('\r')) return line;
  const last = line.split('\r').findLast((state) => state !== '') ?? '';
  return last.trim() === '' ? '' : last;
}

function withoutBackspaces(line: string): string {
  const shown: string[] = [];
  for (const character of line) {
    if (character === '\b') shown.pop();
    else shown.push(character);
  }
  return shown.join('');
}
