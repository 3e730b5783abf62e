import type { Workspace } from '#domain/workspace/index.ts';

const MAX_BYTES = 16 * 1024;
const MAX_HINTS = 10;
/** What a version may look like; anything else is left out. */
const VERSION = /^[\w.+~^<>=|*/ -]{1,40}$/;

/** How each file names versions: pairs of a program and a version. */
const FILES: Readonly<Record<string, (text: string) => Array<readonly [string, string]>>> = {
  '.tool-versions': (text) =>
    lines(text).flatMap((line) => {
      const [program = '', version = ''] = line.split(/\s+/);
      return [[program, version] as const];
    }),
  '.nvmrc': (text) => [['node', first(text)]],
  '.node-version': (text) => [['node', first(text)]],
  '.python-version': (text) => [['python', first(text)]],
  '.ruby-version': (text) => [['ruby', first(text)]],
  'go.mod': (text) => matches(text, /^(go|toolchain)\s+(\S+)/gm),
  'rust-toolchain': (text) => rust(text),
  'rust-toolchain.toml': (text) => rust(text),
  'package.json': (text) => packageEngines(text),
};

/** Versions that a project's files ask for, as lines such as `node 20 (.nvmrc)`; `names` are those at its root. */
export async function readToolchain(
  workspace: Workspace,
  names: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const present = Object.keys(FILES).filter((name) => names.includes(name));
  const hints = await Promise.all(
    present
      .map(async (name) => {
        const { bytes } = await workspace.read(name, { limit: MAX_BYTES }, signal);
        const pairs = FILES[name]?.(new TextDecoder().decode(bytes)) ?? [];
        return pairs
          .filter(([program, version]) => /^[\w.-]{1,30}$/.test(program) && VERSION.test(version))
          .map(([program, version]) => `${program} ${version} (${name})`);
      })
      .map((reading) => reading.catch(() => [])),
  );
  return hints.flat().slice(0, MAX_HINTS);
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

function first(text: string): string {
  return lines(text)[0] ?? '';
}

function matches(text: string, pattern: RegExp): Array<readonly [string, string]> {
  return [...text.matchAll(pattern)].map(([, program = '', version = '']) => [program, version] as const);
}

function rust(text: string): Array<readonly [string, string]> {
  return [['rust', /^\s*channel\s*=\s*"([^"\n]*)"/m.exec(text)?.[1] ?? first(text)]];
}

function packageEngines(text: string): Array<readonly [string, string]> {
  try {
    const { engines } = JSON.parse(text) as { engines?: unknown };
    if (typeof engines !== 'object' || engines === null) return [];
    return Object.entries(engines).flatMap(([program, version]) =>
      typeof version === 'string' ? [[program, version] as const] : [],
    );
  } catch {
    return [];
  }
}
