import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const BUILTIN = /^node:/;

interface Rule {
  /** Files that it speaks of, by the start of their path below src; the first rule that fits counts. */
  from: RegExp;
  /** Targets below src that are allowed, besides the file's own folder. */
  inside: RegExp;
  /** Packages that are allowed. */
  packages: RegExp;
}

const ANY = /^/;

const RULES: Rule[] = [
  { from: /^shared\//, inside: /^(shared\/|package\.json$)/, packages: /^uuid$/ },
  { from: /^config\//, inside: /^(config|shared)\//, packages: /^(zod|yaml)$/ },
  {
    from: /^domain\/context\.ts$/,
    inside: /^(shared\/|domain\/\w+\/(ports|bus|outbox|turn)\.ts$)/,
    packages: /^zod$/,
  },
  { from: /^domain\/protocol\//, inside: /^(shared\/|domain\/protocol\/)/, packages: /^zod$/ },
  { from: /^client\//, inside: /^(shared\/|domain\/protocol\/)/, packages: /^zod$/ },
  // An entity's index.ts is its face for other folders; inside domain it would close a circle.
  {
    from: /^domain\/(?!\w+\/index\.ts$)/,
    inside: /^(shared\/|domain\/(?!.*\bindex\.ts$))/,
    packages: /^zod$/,
  },
  { from: /^domain\/\w+\/index\.ts$/, inside: /^$/, packages: /^$/ },
  {
    from: /^infra\//,
    inside: /^(shared\/|domain\/|config\/|infra\/(log|net)\/|package\.json$)/,
    packages: ANY,
  },
  {
    from: /^http\//,
    inside: /^(shared|domain|http)\//,
    packages: /^(hono|@hono\/node-server|@hono\/node-ws|ws|zod|diff|content-disposition)(\/|$)/,
  },
  {
    from: /^ws\/gateway\//,
    inside: /^(shared\/|domain\/|http\/kit\/|ws\/gateway\/|ws\/agent\/index\.ts$)/,
    packages: /^(hono|zod)(\/|$)/,
  },
  {
    from: /^ws\/agent\/tools\//,
    inside: /^(shared\/|domain\/|ws\/agent\/tools\/|ws\/agent\/ports\.ts$)/,
    packages: /^(zod|diff|unbash)$/,
  },
  { from: /^ws\/agent\//, inside: /^(shared\/|domain\/|ws\/agent\/)/, packages: /^(zod|diff)$/ },
  { from: /^ws\/(lsp|mcp)\//, inside: /^(shared\/|domain\/|ws\/agent\/ports\.ts$)/, packages: ANY },
  { from: /^cli\//, inside: /^(?!web\/)/, packages: ANY },
  {
    from: /^sandbox\//,
    inside: /^(shared\/|domain\/|http\/kit\/|sandbox\/|infra\/sandbox\/wire\/)/,
    packages: /^(hono|zod)(\/|$)/,
  },
  { from: /^web\//, inside: /^(web|shared|domain)\//, packages: ANY },
];

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^;'"]*?\bfrom\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s+['"]([^'"]+)['"]/g;

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** Path below src, or `package.json`, or null for a package. */
function insideTarget(file: string, specifier: string): string | null {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (!specifier.startsWith('.')) return null;
  const target = resolve(dirname(file), specifier);
  return target === join(ROOT, 'package.json') ? 'package.json' : relative(join(ROOT, 'src'), target);
}

/** The folder inside which a file may import what it likes: its entity, adapter or top folder. */
function ownFolder(path: string): string {
  const depth = /^(domain|infra)\//.test(path) ? 2 : 1;
  return path.startsWith('ws/') ? '' : `${path.split('/').slice(0, depth).join('/')}/`;
}

function violations(file: string): string[] {
  const path = relative(join(ROOT, 'src'), file);
  const rule = RULES.find(({ from }) => from.test(path));
  if (!rule) return [];
  const isTest = path.endsWith('.test.ts');
  const own = ownFolder(path);
  return importsOf(file).flatMap((specifier) => {
    const target = insideTarget(file, specifier);
    if (target === null) {
      if (BUILTIN.test(specifier) || rule.packages.test(specifier)) return [];
      return isTest && /^(vitest|fast-check)$/.test(specifier) ? [] : [`${path} imports ${specifier}`];
    }
    const shares = own !== '' && target.startsWith(own) && own.includes('/') && path.split('/').length > 1;
    if (rule.inside.test(target) || shares) return [];
    return isTest && target.startsWith('../test/') ? [] : [`${path} imports ${target}`];
  });
}

type Graph = ReadonlyMap<string, readonly string[]>;

function importGraph(): Graph {
  const files = sourceFiles(join(ROOT, 'src'));
  return new Map(
    files.map((file) => [
      relative(join(ROOT, 'src'), file),
      importsOf(file).flatMap((specifier) => insideTarget(file, specifier) ?? []),
    ]),
  );
}

/** Groups of files that import each other in a circle: Tarjan's strongly connected components. */
function cycles(graph: Graph): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  function visit(file: string): number {
    const position = order.size;
    order.set(file, position);
    lowest.set(file, position);
    path.push(file);
    for (const target of graph.get(file) ?? []) {
      if (!order.has(target)) lowest.set(file, Math.min(lowest.get(file) ?? 0, visit(target)));
      else if (path.includes(target)) {
        lowest.set(file, Math.min(lowest.get(file) ?? 0, order.get(target) ?? 0));
      }
    }
    if (lowest.get(file) === position) {
      const component = path.splice(path.indexOf(file));
      if (component.length > 1) found.push(component.sort((a, b) => (a < b ? -1 : 1)));
    }
    return lowest.get(file) ?? 0;
  }
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return found;
}

describe('import rules', () => {
  it('hold for every source file', () => {
    const files = sourceFiles(join(ROOT, 'src'));
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap(violations)).toEqual([]);
  });

  it('find a forbidden import', () => {
    const rule = RULES.find(({ from }) => from.test('http/app.ts'));
    expect(rule?.inside.test('infra/postgres/index.ts')).toBe(false);
    expect(rule?.packages.test('drizzle-orm')).toBe(false);
  });

  it('keep the protocol fit for a browser, with all that it imports', () => {
    const graph = importGraph();
    const reached = new Set(
      [...graph.keys()].filter((path) => /^domain\/protocol\/.*(?<!\.test)\.ts$/.test(path)),
    );
    expect(reached.size).toBeGreaterThan(30);
    for (const path of reached) for (const target of graph.get(path) ?? []) reached.add(target);
    const packages = [...reached].flatMap((path) =>
      importsOf(join(ROOT, 'src', path)).filter((specifier) => insideTarget(path, specifier) === null),
    );
    expect(new Set(packages)).toEqual(new Set(['zod']));
  });

  it('keep what a browser loads with the client free of Node', () => {
    const reached = new Set(
      [...importGraph().keys()].filter((path) => path.startsWith('client/') && !path.endsWith('.test.ts')),
    );
    expect(reached.size).toBeGreaterThan(5);
    const foreign: string[] = [];
    for (const path of reached) {
      const file = join(ROOT, 'src', path);
      for (const specifier of importsOf(file)) {
        const target = insideTarget(file, specifier);
        if (target !== null) reached.add(target);
        else if (specifier !== 'zod') foreign.push(`${path} imports ${specifier}`);
      }
    }
    expect(foreign).toEqual([]);
  });

  it('leave no cycle in src', () => {
    expect(cycles(importGraph())).toEqual([]);
  });

  it('find a planted cycle', () => {
    const graph = new Map(importGraph());
    graph.set('shared/ids.ts', ['domain/errors.ts']);
    graph.set('domain/errors.ts', ['shared/text.ts', 'shared/ids.ts']);
    expect(cycles(graph)).toEqual([['domain/errors.ts', 'shared/ids.ts']]);
  });

  it('keep process.env inside config', () => {
    const readers = sourceFiles(join(ROOT, 'src'))
      .filter((file) => readFileSync(file, 'utf8').includes('process.env'))
      .map((file) => relative(join(ROOT, 'src'), file));
    expect(readers.filter((path) => !path.startsWith('config/'))).toEqual([]);
  });
});
