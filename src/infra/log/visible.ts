/**
 * What could steer a terminal or reorder a line and is not escaped in JSON anyway: DEL, C1 controls, bidirectional
 * controls, line separators, invisible operators.
 */
const STEERING = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f]/g;

/** A line of JSON with these characters as escapes: the same values for whoever parses it. */
export function escapedJson(line: string): string {
  return line.replace(STEERING, escapeOf);
}

/** The same line for a formatter that prints its texts as they are: these characters, and C0, become visible. */
export function visibleJson(line: string): string {
  try {
    const shown = JSON.parse(line, (_key, value: unknown) =>
      typeof value === 'string' ? value.replace(CONTROLS, escapeOf).replace(STEERING, escapeOf) : value,
    );
    return `${JSON.stringify(shown)}\n`;
  } catch {
    return escapedJson(line);
  }
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
