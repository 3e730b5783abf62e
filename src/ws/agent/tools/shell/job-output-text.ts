import type { Job } from '../../ports.ts';
import { MAX_OUTPUT_CHARS, truncateMiddle } from '../output.ts';

/** What a job has put out so far: stdout, then stderr, then how it ended. */
export function jobText(job: Job, ending?: string): string {
  const streams = [job.stdout, job.stderr].map((buffer) => ({
    text: buffer.dropped() ? `${buffer.head()}\n…\n${buffer.tail()}` : buffer.head() + buffer.tail(),
    dropped: buffer.droppedLines(),
  }));
  const dropped = streams.reduce((sum, stream) => sum + stream.dropped, 0);
  const joined = streams
    .map(({ text }) => text)
    .filter((text) => text !== '')
    .reduce((all, text) => (all === '' ? text : `${all}${all.endsWith('\n') ? '' : '\n'}${text}`), '');
  const output = truncateMiddle(joined, MAX_OUTPUT_CHARS, dropped);
  const line = ending ?? exitLine(job);
  if (line === '') return output;
  return output === '' ? line : `${output}${output.endsWith('\n') ? '' : '\n'}${line}`;
}

function exitLine(job: Job): string {
  const exit = job.exit();
  if (!exit || exit.exitCode === 0) return '';
  return exit.exitCode === null
    ? `Ended by signal ${exit.signal ?? 'unknown'}`
    : `Exit code ${exit.exitCode}`;
}
