import type { Job } from '../../ports.ts';
import { MAX_OUTPUT_CHARS, truncateMiddle } from '../output.ts';
import { terminalText } from './terminal-text.ts';

/** What a job has put out so far, as a terminal would show it: stdout, then stderr, then how it ended. */
export function jobText(job: Job, ending?: string): string {
  const streams = [job.stdout, job.stderr].map((buffer) => {
    const { head, tail, droppedBytes, droppedLines } = buffer.ends();
    const text = droppedBytes === 0 ? head : `${head}\n…\n${tail}`;
    return { text: terminalText(text), dropped: droppedLines };
  });
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
