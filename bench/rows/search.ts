import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from '#domain/workspace/index.ts';
import { newId } from '#shared/ids.ts';
import { runProgram } from '../lib/bare-sandbox.ts';
import type { Bench, BenchRow } from '../lib/bench.ts';
import { interleave } from '../lib/interleave.ts';
import { openLocalWorkspaces } from '../lib/local-workspaces.ts';
import { compare, type Outcome } from '../lib/outcome.ts';

const FOLDERS = 500;
const FILES_PER_FOLDER = 100;
const ROUNDS = 12;
const RATIO = 1.5;
const LIMIT = 100;
/** One file in a thousand holds it. */
const NEEDLE = 'needle';
const NEEDLE_EVERY = 1000;
const FILLER = 'export function example(value: number): number {\n  return value + 1;\n}\n'.repeat(8);

export const searchRow: BenchRow = {
  name: 'search',
  async run(bench) {
    const provider = await openLocalWorkspaces(join(bench.services.directory, 'search'));
    try {
      const projectId = newId();
      await provider.create(projectId, null);
      const workspace = await provider.open(projectId, null);
      const directory = join(bench.services.directory, 'search', 'workspaces', projectId);
      bench.say(`writing ${FOLDERS * FILES_PER_FOLDER} files`);
      fill(directory);
      return [await grep(bench, workspace, directory), await glob(bench, workspace, directory)];
    } finally {
      await provider.close();
    }
  },
};

function fill(directory: string): void {
  for (let folder = 0; folder < FOLDERS; folder += 1) {
    const path = join(directory, `area-${folder % 20}`, `part-${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < FILES_PER_FOLDER; file += 1) {
      const number = folder * FILES_PER_FOLDER + file;
      const text = number % NEEDLE_EVERY === 0 ? `${FILLER}// ${NEEDLE}\n` : FILLER;
      writeFileSync(join(path, `file-${number}.${file % 10 === 0 ? 'md' : 'ts'}`), text);
    }
  }
}

interface Search {
  row: string;
  directory: string;
  rg: string[];
  /** How many were found. */
  search(): Promise<number>;
}

function grep(bench: Bench, workspace: Workspace, directory: string): Promise<Outcome> {
  return compareSearch(bench, {
    row: `search: grep over ${FOLDERS * FILES_PER_FOLDER} files`,
    directory,
    rg: ['rg', '--line-number', NEEDLE, '.'],
    search: async () => (await workspace.grep(NEEDLE, { limit: LIMIT }, bench.signal)).matches.length,
  });
}

function glob(bench: Bench, workspace: Workspace, directory: string): Promise<Outcome> {
  const pattern = 'area-7/**/*0.md';
  return compareSearch(bench, {
    row: `search: glob over ${FOLDERS * FILES_PER_FOLDER} files`,
    directory,
    rg: ['rg', '--files', '--glob', pattern, '.'],
    search: async () => (await workspace.glob(pattern, { limit: FOLDERS * 10 }, bench.signal)).paths.length,
  });
}

async function compareSearch({ signal }: Bench, { row, directory, rg, search }: Search): Promise<Outcome> {
  const pairs = await interleave({
    rounds: ROUNDS,
    warmUp: 2,
    signal,
    async baseline() {
      const { ms, stdout } = await runProgram(rg, directory);
      return { ms, found: stdout.split('\n').length - 1 };
    },
    async measured() {
      const startedAt = performance.now();
      const found = await search();
      return { ms: performance.now() - startedAt, found };
    },
  });
  for (const { baseline, measured } of pairs) {
    if (baseline.found === 0 || baseline.found !== measured.found) {
      throw new Error(`rg finds ${baseline.found}, the workspace ${measured.found}`);
    }
  }
  return compare({
    row,
    unit: 'ms',
    comparison: 'ratio',
    pairs: pairs.map((pair) => ({ baseline: pair.baseline.ms, measured: pair.measured.ms })),
    goal: { at: 'most', limit: RATIO },
    note: 'baseline: rg',
  });
}
