import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { SourceMap } from 'node:module';

/** The same stack with places in sources instead of places in the executable. */
export type StackReader = (stack: string) => string;

/** For the program that runs. */
export function ownStackReader(): StackReader {
  const [, program] = process.argv;
  return program && existsSync(program) ? createStackReader(realpathSync(program)) : (stack) => stack;
}

/** The source map beside the executable is read when the first stack is. Without one nothing changes. */
export function createStackReader(executable: string): StackReader {
  let map: SourceMap | null | undefined;
  return (stack) => {
    if (!stack.includes(`${executable}:`)) return stack;
    map ??= readMap(`${executable}.map`);
    return map === null
      ? stack
      : stack
          .split('\n')
          .map((line) => inSources(line, executable, map as SourceMap))
          .join('\n');
  };
}

function readMap(path: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

function inSources(line: string, executable: string, map: SourceMap): string {
  const start = line.indexOf(`${executable}:`);
  if (start < 0) return line;
  const rest = line.slice(start + executable.length);
  const [place, row, column] = /^:(\d+):(\d+)/.exec(rest) ?? [];
  if (place === undefined) return line;
  const entry = map.findEntry(Number(row) - 1, Number(column) - 1);
  if (!('originalSource' in entry) || !entry.originalSource) return line;
  const { originalSource, originalLine, originalColumn } = entry;
  return `${line.slice(0, start)}${originalSource}:${originalLine + 1}:${originalColumn + 1}${rest.slice(place.length)}`;
}
