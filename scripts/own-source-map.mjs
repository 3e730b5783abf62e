// Keeps of a source map what stems from our own sources: a tenth of it, so that it is read in little time.

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const OWN = /^(\.\.\/)?((src|bin)\/.*)$/;

/** Both are the JSON text of a source map (tc39.es/ecma426), the result without names. */
export function ownSourceMap(text) {
  const { sources, mappings } = JSON.parse(text);
  const names = sources.map((source) => OWN.exec(source)?.[2] ?? null);
  const kept = names.filter((name) => name !== null);
  const index = names.map((name) => (name === null ? -1 : kept.indexOf(name)));
  const read = { source: 0, line: 0, column: 0 };
  const written = { source: 0, line: 0, column: 0 };
  let isOwn = false;
  const lines = mappings.split(';').map((line) => {
    let at = 0;
    let last = 0;
    const segments = [];
    for (const segment of line === '' ? [] : line.split(',')) {
      const [column = 0, source, originalLine = 0, originalColumn = 0] = decode(segment);
      at += column;
      if (source === undefined) continue;
      read.source += source;
      read.line += originalLine;
      read.column += originalColumn;
      const target = index[read.source] ?? -1;
      // Where foreign code begins, a position without a source ends ours.
      if (target < 0 && !isOwn) continue;
      const fields = [at - last];
      if (target >= 0) {
        fields.push(target - written.source, read.line - written.line, read.column - written.column);
        Object.assign(written, { source: target, line: read.line, column: read.column });
      }
      isOwn = target >= 0;
      last = at;
      segments.push(fields.map(encode).join(''));
    }
    return segments.join(',');
  });
  return JSON.stringify({ version: 3, sources: kept, names: [], mappings: `${lines.join(';')};` });
}

function decode(segment) {
  const numbers = [];
  let value = 0;
  let shift = 0;
  for (const char of segment) {
    const digit = DIGITS.indexOf(char);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}

function encode(number) {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}
