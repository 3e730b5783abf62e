import { reportedError } from '#infra/llm/dialects/reported-error.ts';
import { createSseReader } from '#infra/llm/http/sse.ts';
import { mendInput } from '#infra/llm/stream/call-input.ts';
import { compilePathGlob } from '#infra/sandbox/local/search/glob.ts';
import { parseIgnoreFile } from '#infra/sandbox/local/search/ignore-rules.ts';
import { createCompareTexts } from '#infra/work/compare-texts.ts';
import { parseForeignJson } from '#shared/bounded-json.ts';
import { cleanTitle } from '#ws/agent/prompt/name-session.ts';
import { applyEdits, isSmallJob } from '#ws/agent/tools/files/matching/apply-edits.ts';
import { blockedCommand } from '#ws/agent/tools/shell/command-rules/blocked-commands.ts';
import { parseClientFrame } from '#ws/gateway/socket/parse-client-frame.ts';

/** Random numbers from 0 to 1 that a seed repeats. */
type Random = () => number;

export interface WorkCase {
  name: string;
  /** CPU time that one input may take, in ms. */
  limitMs: number;
  /** A hostile input, and the work on it. */
  make(random: Random): () => unknown;
}

export interface SlowInput {
  name: string;
  /** Of the input alone: gives the same one again. */
  seed: number;
  ms: number;
}

const PIECES = [
  ...['*', '**', '?', '/', '[', ']', '{', '}', ',', '\\', '!', 'a', 'b', '.', ' ', '\t', '\n', '\r\n', '-'],
  ...['"', "'", '`', '$(', '${', '(', ')', '<', '>', '|', ';', '&&', '#', ':', '[a-z]', '{a,b}', '<<E\n'],
  ...['{"a":', '[[', '1,', 'data: ', '<think>', '</think>', 'é', '😀', '\u0000', 'x'.repeat(50)],
];

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
const upTo = (random: Random, most: number) => Math.floor(random() ** 3 * most);

/** Few pieces, each often: what makes expressions go back and forth. */
function hostile(random: Random, most: number): string {
  let text = '';
  const room = 1 + upTo(random, most);
  while (text.length < room) {
    const unit = Array.from({ length: 1 + upTo(random, 4) }, () => pick(random, PIECES)).join('');
    text += unit.repeat(1 + upTo(random, room / unit.length));
  }
  return text.slice(0, room);
}

const compareAtOnce = createCompareTexts(async () => ({ ok: false, reason: 'busy' }));
const KIB = 1024;

export const WORK_CASES: WorkCase[] = [
  {
    name: 'glob',
    limitMs: 5,
    make(random) {
      const [pattern, path] = [hostile(random, 300), hostile(random, 300)];
      const options = { alternatives: random() < 0.5, dot: random() < 0.5 };
      return () => compilePathGlob(pattern, options).matches(path);
    },
  },
  {
    name: 'ignore file',
    limitMs: 100,
    make(random) {
      const [text, path] = [hostile(random, 64 * KIB), hostile(random, 255)];
      return () => parseIgnoreFile(text)(path, false);
    },
  },
  {
    name: 'small edit',
    limitMs: 100,
    make(random) {
      const text = hostile(random, 16 * KIB);
      const edits = Array.from({ length: 1 + upTo(random, 5) }, () => {
        const at = upTo(random, text.length);
        const old_string = random() < 0.5 ? hostile(random, 2000) : text.slice(at, at + upTo(random, 2000));
        return { old_string, new_string: hostile(random, 2000), replace_all: random() < 0.3 };
      });
      const job = { text, edits, creates: false };
      return () => isSmallJob(job) && applyEdits(job);
    },
  },
  {
    name: 'diff',
    limitMs: 100,
    make(random) {
      const [before, after] = [hostile(random, 200 * KIB), hostile(random, 200 * KIB)];
      const pair = { oldName: 'a', newName: 'b', before, after: random() < 0.5 ? after : before + after };
      return () => compareAtOnce(pair, { key: '', budget: { leftMs: 1 } });
    },
  },
  {
    name: 'JSON',
    limitMs: 100,
    make(random) {
      const text = hostile(random, 512 * KIB);
      return () => attempt(() => parseForeignJson(text));
    },
  },
  {
    name: 'client frame',
    limitMs: 100,
    make(random) {
      const text = hostile(random, 64 * KIB);
      return () => parseClientFrame(text);
    },
  },
  {
    name: 'event stream',
    limitMs: 100,
    make(random) {
      const text = hostile(random, 128 * KIB);
      const size = 1 + upTo(random, 4000);
      return () => {
        const reader = createSseReader();
        for (let at = 0; at < text.length; at += size) reader.push(text.slice(at, at + size));
        return reader.flush();
      };
    },
  },
  {
    name: 'answer',
    limitMs: 100,
    make(random) {
      const text = hostile(random, 128 * KIB);
      return () => [mendInput(text), cleanTitle(text), reportedError({ error: text }, '', true)];
    },
  },
  {
    name: 'command',
    limitMs: 400,
    make(random) {
      const text = hostile(random, 32 * KIB);
      return () => attempt(() => blockedCommand(text, false));
    },
  },
];

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

/**
 * Runs each case in turn on inputs of its own seed; returns those that were too slow every time they were tried.
 * `slack`: times the limit, for a host that is busy.
 */
export function fuzzWork({
  seed,
  runs,
  slack = 1,
}: {
  seed: number;
  runs: number;
  slack?: number;
}): SlowInput[] {
  const slow: SlowInput[] = [];
  for (let run = 0; run < runs; run += 1) {
    const work = WORK_CASES[run % WORK_CASES.length];
    if (!work) continue;
    const own = seed + run;
    const limitMs = work.limitMs * slack;
    const ms = fastest(work, own, limitMs);
    if (ms > limitMs) slow.push({ name: work.name, seed: own, ms });
  }
  return slow;
}

/** Again, since a collection of garbage or another process may have taken the time. */
function fastest({ make }: WorkCase, seed: number, limitMs: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let time = 0; time < 5 && best > limitMs; time += 1) {
    const run = make(randomOf(seed));
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

/** Mulberry32. */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
