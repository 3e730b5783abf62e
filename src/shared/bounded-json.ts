/** What of a text's structure is parsed: both decide how long that takes, the length of strings hardly does. */
export interface JsonBounds {
  /** Arrays and objects within each other. */
  maxDepth: number;
  /** Values in sum, keys included. */
  maxItems: number;
}

/** A quarter of a million small values take some 50 ms. */
export const FOREIGN_JSON: JsonBounds = { maxDepth: 100, maxItems: 250_000 };
/** A text of this length cannot take long, whatever it holds. */
const SHORT_CHARS = 200;

export class JsonTooComplex extends SyntaxError {}

/** `JSON.parse` for texts of others. Throws `SyntaxError`; `JsonTooComplex` before anything is built. */
export function parseForeignJson(text: string, bounds: JsonBounds = FOREIGN_JSON): unknown {
  if (text.length > SHORT_CHARS && !isWithin(text, bounds)) {
    throw new JsonTooComplex('The JSON is nested too deeply or has too many values');
  }
  return JSON.parse(text);
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Linear in the text. Of what is no JSON it may say either. */
export function isWithin(text: string, { maxDepth, maxItems }: JsonBounds): boolean {
  let depth = 0;
  let items = 1;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case COMMA:
      case COLON:
        items += 1;
        if (items > maxItems) return false;
        break;
      case OPEN_BRACKET:
      case OPEN_BRACE:
        depth += 1;
        items += 1;
        if (depth > maxDepth || items > maxItems) return false;
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        depth -= 1;
        break;
    }
  }
  return true;
}

/** The place of the closing quote; the text's end when there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}
