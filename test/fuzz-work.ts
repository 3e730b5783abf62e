import { parseArgs } from 'node:util';
import { fuzzWork } from './harness/work-fuzz.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
  },
});
const seed = Number(values.seed);
const runs = Number(values.runs);
const slow = fuzzWork({ seed, runs });
process.stdout.write(`seed ${seed}, ${runs} inputs, ${slow.length} too slow\n`);
for (const found of slow.slice(0, 20)) process.stdout.write(`${JSON.stringify(found)}\n`);
process.exitCode = slow.length === 0 ? 0 : 1;
