import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const BUILTIN = /^node:/;

interface Rule {
  /** Files that it speaks of, by their path below src; the first rule that fits counts. The group is their own folder. */
  from: RegExp;
  /** Targets below src that are allowed besides the own folder. */
  inside: RegExp;
  /** Targets of which only types may be imported. */
  types?: RegExp;
  packages: RegExp;
}

const ANY = /^/;
const NOTHING = /^$/;

/** Who may import whom. */
const RULES: Rule[] = [
  // Its one package makes ids.
  { from: /^(shared\/)/, inside: /^package\.json$/, packages: /^uuid$/ },
  { from: /^(config\/)/, inside: /^shared\//, packages: /^(zod|yaml)$/ },
  {
    from: /^domain\/context\.ts$/,
    inside: /^(shared\/|domain\/\w+\/(ports|bus|outbox|turn)\.ts$)/,
    packages: /^zod$/,
  },
  { from: /^(domain\/protocol\/)/, inside: /^shared\//, packages: /^zod$/ },
  { from: /^(client\/)/, inside: /^(shared|domain\/protocol)\//, packages: NOTHING },
  // An entity's index.ts is its face for other folders; inside domain it would close a circle.
  { from: /^(domain\/\w+\/)index\.ts$/, inside: NOTHING, packages: NOTHING },
  { from: /^domain\//, inside: /^(shared\/|domain\/(?!.*\bindex\.ts$))/, packages: /^zod$/ },
  {
    from: /^(infra\/\w+\/)/,
    inside: /^(shared\/|domain\/|infra\/(log|net)\/)/,
    types: /^config\//,
    packages: ANY,
  },
  // Open to all services, so that it knows none of them.
  {
    from: /^(http\/kit\/)/,
    inside: /^(shared|domain)\//,
    packages: /^(hono|@hono\/node-server|@hono\/node-ws|ws)(\/|$)/,
  },
  { from: /^(http\/)/, inside: /^(shared|domain)\//, packages: /^(hono|zod|content-disposition)(\/|$)/ },
  {
    from: /^(ws\/gateway\/)/,
    inside: /^(shared\/|domain\/|http\/kit\/|ws\/agent\/index\.ts$)/,
    packages: /^(hono|zod)(\/|$)/,
  },
  // A family of tools knows the contract and what all tools share, and no other family.
  {
    from: /^(ws\/agent\/tools\/\w+\/)/,
    inside: /^(shared\/|domain\/|ws\/agent\/tools\/[\w-]+\.ts$|ws\/agent\/ports\.ts$)/,
    packages: /^(zod|unbash)$/,
  },
  {
    from: /^(ws\/agent\/tools\/)/,
    inside: /^(shared\/|domain\/|ws\/agent\/ports\.ts$)/,
    packages: /^zod$/,
  },
  { from: /^(ws\/agent\/)/, inside: /^(shared|domain)\//, packages: NOTHING },
  { from: /^(ws\/terminal\/)/, inside: /^(shared|domain)\//, packages: NOTHING },
  { from: /^(ws\/(?:lsp|mcp)\/)/, inside: /^(shared\/|domain\/|ws\/agent\/ports\.ts$)/, packages: ANY },
  {
    from: /^(sandbox\/)/,
    inside: /^(shared\/|domain\/|http\/kit\/|infra\/sandbox\/wire\/)/,
    packages: /^(hono|zod)(\/|$)/,
  },
  { from: /^(cli\/)/, inside: /^(?!web\/)/, packages: ANY },
  { from: /^(web\/)/, inside: /^(client|domain\/protocol)\//, packages: ANY },
];

const IMPORT =
  /(?:^|\n)\s*(import|export)\b(\s+type\b)?[^;'"]*?\bfrom\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s+['"]([^'"]+)['"]/g;

interface Import {
  specifier: string;
  typesOnly: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(path: string): Import[] {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => ({
    specifier: match[3] ?? match[4] ?? match[5] ?? '',
    typesOnly: match[2] !== undefined,
  }));
}

/** Path below src, or `package.json`, or null for a package. */
function insideTarget(file: string, specifier: string): string | null {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (!specifier.startsWith('.')) return null;
  const target = resolve(dirname(file), specifier);
  return target === join(ROOT, 'package.json') ? 'package.json' : relative(join(ROOT, 'src'), target);
}

/** What a file imports against its rule. */
function violations(file: string): string[] {
  return violationsOf(relative(join(ROOT, 'src'), file), importsOf(file));
}

function violationsOf(path: string, imports: readonly Import[]): string[] {
  const file = join(ROOT, 'src', path);
  const rule = RULES.find(({ from }) => from.test(path));
  if (!rule) return [`${path} has no rule`];
  const own = rule.from.exec(path)?.[1];
  const isTest = path.endsWith('.test.ts');
  return imports.flatMap(({ specifier, typesOnly }) => {
    const target = insideTarget(file, specifier);
    const fits =
      target === null
        ? fitsPackage(rule, specifier, isTest)
        : (own !== undefined && target.startsWith(own)) ||
          rule.inside.test(target) ||
          (typesOnly && rule.types?.test(target) === true) ||
          (isTest && target.startsWith('../test/'));
    return fits ? [] : [`${path} imports ${specifier}`];
  });
}

function fitsPackage(rule: Rule, specifier: string, isTest: boolean): boolean {
  if (isTest && (BUILTIN.test(specifier) || /^(vitest|fast-check|zod)$/.test(specifier))) return true;
  return BUILTIN.test(specifier) || rule.packages.test(specifier);
}

/** Relative imports that lead out of their top folder: these go through the names of package.json. */
function strays(file: string): string[] {
  const path = relative(join(ROOT, 'src'), file);
  return importsOf(file).flatMap(({ specifier }) => {
    if (!specifier.startsWith('.')) return [];
    const target = insideTarget(file, specifier) ?? '';
    const stays =
      target.split('/')[0] === path.split('/')[0] || /^(package\.json$|\.\.\/test\/)/.test(target);
    return stays ? [] : [`${path} imports ${specifier}`];
  });
}

type Graph = ReadonlyMap<string, readonly string[]>;

function importGraph(): Graph {
  const files = sourceFiles(join(ROOT, 'src'));
  return new Map(
    files.map((file) => [
      relative(join(ROOT, 'src'), file),
      importsOf(file).flatMap(({ specifier }) => insideTarget(file, specifier) ?? []),
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

  it('keep what leaves a top folder to the names of package.json', () => {
    expect(sourceFiles(join(ROOT, 'src')).flatMap(strays)).toEqual([]);
  });

  it.each([
    ['http/app.ts', '#infra/postgres/index.ts', false],
    ['http/app.ts', 'drizzle-orm', false],
    ['http/kit/edge.ts', '../deps.ts', false],
    ['ws/gateway/index.ts', '#http/kit/listen.ts', true],
    ['ws/gateway/index.ts', '#http/app.ts', false],
    ['infra/git/index.ts', '../net/address-guard.ts', true],
    ['infra/git/index.ts', '../llm/index.ts', false],
    ['infra/git/index.ts', '#config/load.ts', false],
    ['ws/agent/tools/files/edit.ts', '../shell/bash.ts', false],
    ['ws/agent/tools/files/edit.ts', '../../turn/runner.ts', false],
    ['domain/protocol/views.ts', '../errors.ts', false],
    ['domain/session/wire.ts', '../project/index.ts', false],
    ['cli/serve.ts', '#web/app.ts', false],
  ])('an import by %s of %s is judged', (path, specifier, allowed) => {
    const found = violationsOf(path, [{ specifier, typesOnly: false }]);
    expect(found).toEqual(allowed ? [] : [`${path} imports ${specifier}`]);
    expect(violationsOf('infra/git/index.ts', [{ specifier: '#config/load.ts', typesOnly: true }])).toEqual(
      [],
    );
  });

  it.each([
    ['domain/protocol/', 30],
    ['client/', 5],
  ])('keep %s fit for a browser, with all that it imports', (folder, atLeast) => {
    const reached = new Set(
      [...importGraph().keys()].filter((path) => path.startsWith(folder) && !path.endsWith('.test.ts')),
    );
    expect(reached.size).toBeGreaterThan(atLeast);
    const foreign: string[] = [];
    for (const path of reached) {
      const file = join(ROOT, 'src', path);
      for (const { specifier } of importsOf(file)) {
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
