import { parentPort } from 'node:worker_threads';
import { lineDifference } from '#infra/work/line-diff.ts';
import { serveJobs } from '#infra/work/worker-link.ts';
import { applyEdits } from '#ws/agent/tools/files/matching/apply-edits.ts';
import type { TextJobs } from './text-work.ts';

const jobs: TextJobs = { compare: lineDifference, edit: applyEdits };

/** The whole of a worker thread; built into a file of its own beside the executable. */
if (parentPort) serveJobs(parentPort, jobs);
