import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createPgliteDatabase } from '../../../src/infra/postgres/engine/pglite-database.ts';
import { cachedPgliteTemplate } from '../../harness/pglite-template.ts';

const ENGINE = new URL('../../../src/infra/postgres/engine/pglite-database.ts', import.meta.url);
const COMMITS = 20;
const Trace = z.object({ traceEvents: z.array(z.object({ name: z.string(), ph: z.string() })) });

function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'crush-durable-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** How often a program that commits so many times calls fsync(2), as Node traces it. */
async function countSyncs(commits: number): Promise<number> {
  const directory = temporaryDirectory();
  const template = join(directory, 'template.tar.gz');
  writeFileSync(template, Buffer.from(await (await cachedPgliteTemplate()).arrayBuffer()));
  const program = `
    import { openAsBlob } from 'node:fs';
    import { createPgliteDatabase } from ${JSON.stringify(ENGINE.href)};
    const template = await openAsBlob(${JSON.stringify(template)});
    const database = await createPgliteDatabase({ dataDir: ${JSON.stringify(join(directory, 'db'))}, template });
    for (let n = 0; n < ${commits}; n += 1) {
      await database.repositories.placements.put(crypto.randomUUID(), 'host');
    }
    process.exit();`;
  const trace = join(directory, 'trace.log');
  const flags = [
    '--trace-event-categories',
    'node.fs.sync,node.fs.async',
    '--trace-event-file-pattern',
    trace,
  ];
  await promisify(execFile)(process.execPath, [
    ...flags,
    ...['--import', 'tsx', '--input-type=module', '-e', program],
  ]);
  const { traceEvents } = Trace.parse(JSON.parse(readFileSync(trace, 'utf8')));
  return traceEvents.filter(({ name, ph }) => /^(fs\.sync\.)?fsync$/.test(name) && /^[Bb]$/.test(ph)).length;
}

describe('a PGlite data directory', { timeout: 60_000 }, () => {
  it('has each commit on the disk before it is answered', async () => {
    const [without, withCommits] = [await countSyncs(0), await countSyncs(COMMITS)];
    expect(withCommits - without).toBeGreaterThanOrEqual(COMMITS);
  });

  it('is as small in memory as one session needs, and private from its first start', async () => {
    const dataDir = join(temporaryDirectory(), 'db');
    const database = await createPgliteDatabase({ dataDir, template: await cachedPgliteTemplate() });
    onTestFinished(() => database.close());
    const show = (name: string) => database.exclusively((raw) => raw.query(`show ${name}`));
    expect(await show('shared_buffers')).toEqual([{ shared_buffers: '8MB' }]);
    expect(await show('fsync')).toEqual([{ fsync: 'on' }]);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDir, 'PG_VERSION')).mode & 0o777).toBe(0o600);
  });
});
