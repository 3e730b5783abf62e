import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDescriptorShield } from '../../src/infra/sandbox/local/process/inherited-descriptors.ts';
import { createOutputPipes, type OutputPipes } from '../../src/infra/sandbox/local/process/output-pipes.ts';
import { findProgram } from '../../src/infra/sandbox/local/programs.ts';
import type { Starter, StartRequest } from '../../src/infra/sandbox/local/starter/starter.ts';
import { createStarters, type Starters } from '../../src/infra/sandbox/local/starter/starters.ts';
import { until } from '../harness/until.ts';

const UID = process.geteuid?.() ?? 0;
const GID = process.getegid?.() ?? 0;

describe('a starter', () => {
  let directory: string;
  let pipes: OutputPipes;
  let starters: Starters;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'crush-starter-'));
    writeFileSync(join(directory, 'filter'), 'filter');
    writeFileSync(join(directory, 'lock'), '', { mode: 0o400 });
    pipes = createOutputPipes({
      directory: join(directory, 'pipes'),
      mkfifoPath: findProgram('mkfifo') ?? 'mkfifo',
    });
    starters = open();
  });
  afterEach(() => {
    starters.close();
    pipes.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function open(): Starters {
    return createStarters({
      filterPath: join(directory, 'filter'),
      flockPath: findProgram('flock') ?? 'flock',
      waitSeconds: 1,
      recordDirectory: directory,
      pipes,
      shield: createDescriptorShield(),
    });
  }

  /** Starts it and reads all that it puts out. */
  async function run(
    starter: Starter,
    argv: StartRequest['argv'],
    more: Partial<StartRequest> & { onStarted?(): void } = {},
  ) {
    const { onStarted, ...request } = more;
    const [stdout, stderr, report] = await Promise.all([
      pipes.take(UID, GID),
      pipes.take(UID, GID),
      pipes.take(UID, GID),
    ]);
    const all = [stdout, stderr, report];
    const texts = all.map(({ reader }) => {
      const chunks: Buffer[] = [];
      reader.on('data', (chunk: Buffer) => chunks.push(chunk));
      return once(reader, 'close').then(() => Buffer.concat(chunks).toString());
    });
    try {
      const pid = await starter.start({
        argv,
        records: [],
        groups: [],
        stdin: null,
        stdout: stdout.writeFd,
        stderr: stderr.writeFd,
        directory: null,
        report: report.writeFd,
        ...request,
      });
      onStarted?.();
      for (const pipe of all) pipe.handOver();
      const [out, err, reported] = await Promise.all(texts);
      return { pid, out, err, reported };
    } finally {
      for (const pipe of all) pipe.release();
    }
  }

  test('hands every word on as it is, and the records behind them', async () => {
    const words = ['', ' a  b ', '$(id)`id`', '"\'\\', 'zwei\nZeilen\n', '*', '-n', 'größe 漢字', '\x01\x7f'];
    const long = 'x'.repeat(100_000);
    const program = 'printf "%s|" "$@"; cat <&3';
    const { out } = await run(await starters.plain(), ['/bin/bash', '-c', program, 'name', ...words, long], {
      records: ['first record', 'second\n'],
    });
    expect(out).toBe(`${[...words, long].join('|')}|first record\0second\n\0`);
  });

  test('gives its program no environment, no descriptor but the known ones, and the usual signals', async () => {
    const starter = await starters.plain();
    expect((await run(starter, ['/usr/bin/env'])).out).toBe('');
    const listed = await run(starter, [
      '/bin/bash',
      '-c',
      'cd /proc/$$/fd; for fd in *; do echo "$fd $(readlink $fd)"; done',
    ]);
    // What the tests inherited themselves is covered.
    const known = /^([0-7] |\d+ \/dev\/null$)/;
    expect((listed.out ?? '').split('\n').filter((line) => line !== '' && !known.test(line))).toEqual([]);
    const signals = await run(starter, [
      '/bin/bash',
      '-c',
      'trap "echo heard" INT QUIT; kill -INT $$; kill -QUIT $$',
    ]);
    expect(signals.out).toBe('heard\nheard\n');
  });

  test('opens what a request names, each for itself', async () => {
    const input = await pipes.takeInput(UID, GID);
    const program = 'cat; cat <&4; echo reported >&7; echo wrong >&2; echo $$';
    const group = join(directory, 'group');
    const missing = join(directory, 'none', 'group');
    const options = { stdin: input.readFd, groups: [group, missing] };
    const ran = await run(await starters.plain(), ['/bin/bash', '-c', program], {
      ...options,
      onStarted: () => {
        input.handOver();
        input.writer.end('typed');
      },
    });
    input.release();
    expect(ran).toEqual({
      pid: ran.pid,
      out: `typedfilter${ran.pid}\n`,
      err: 'wrong\n',
      reported: 'reported\n',
    });
    expect(readFileSync(group, 'utf8')).toBe('0\n');
  });

  test('says when it cannot, and goes on', async () => {
    const starter = await starters.plain();
    await expect(run(starter, ['/bin/true'], { stdin: 9999 })).rejects.toMatchObject({ code: 'unavailable' });
    expect((await run(starter, [join(directory, 'missing')])).reported).toBe('');
    expect((await run(starter, ['/bin/echo', 'fine'])).out).toBe('fine\n');
  });

  test('that is killed is followed by another', async () => {
    const starter = await starters.plain();
    process.kill(starter.pid, 'SIGKILL');
    await until(() => starter.hasEnded(), 'its end');
    await expect(run(starter, ['/bin/true'])).rejects.toMatchObject({ code: 'unavailable' });
    const next = await starters.plain();
    expect(next.pid).not.toBe(starter.pid);
    expect((await run(next, ['/bin/echo', 'fine'])).out).toBe('fine\n');
  });

  test('holds its lock until it and all that it has started are gone', async () => {
    const lock = join(directory, 'lock');
    const starter = await starters.locking(lock);
    const others = open();
    await expect(others.locking(lock)).rejects.toMatchObject({ code: 'unavailable' });

    const input = await pipes.takeInput(UID, GID);
    const running = run(starter, ['/bin/bash', '-c', 'read -r line; echo "$line"'], { stdin: input.readFd });
    await until(() => starter.hasEnded() || childrenOf(starter.pid) > 0, 'the command');
    starter.close();
    await expect(others.locking(lock)).rejects.toMatchObject({ code: 'unavailable' });
    input.writer.end('last words\n');
    expect((await running).out).toBe('last words\n');
    input.release();

    const next = await others.locking(lock);
    expect((await run(next, ['/bin/echo', 'fine'])).out).toBe('fine\n');
    next.close();
    others.close();
  });
});

function childrenOf(pid: number): number {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).length;
}
