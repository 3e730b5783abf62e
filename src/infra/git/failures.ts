import { SourceControlError } from '#domain/workspace/index.ts';
import { truncate } from '#shared/text.ts';

const MAX_QUOTED = 200;

export function notGit(cause?: unknown): SourceControlError {
  return new SourceControlError('unreachable', 'no git repository answers at this URL', { cause });
}

/** What the other side says, in visible ASCII. */
export function remoteRefusal(text: string): SourceControlError {
  const said = quotable(text);
  return new SourceControlError(
    'failed',
    said === '' ? 'the git server refuses' : `the git server says: ${said}`,
  );
}

/** The reason in git's own words, unless they name files of the machine. */
export function gitFailure(stderr: string): SourceControlError {
  const line = stderr.split('\n').findLast((text) => /^(?:fatal|error): /.test(text)) ?? '';
  const reason = quotable(line.replace(/^(?:fatal|error): /, ''));
  const usable = reason !== '' && !/(?:^|[\s'"(=])\//.test(reason);
  return new SourceControlError('failed', usable ? `git says: ${reason}` : 'git cannot use this repository');
}

function quotable(text: string): string {
  return truncate(text.replace(/[^\x20-\x7e]+/g, ' ').trim(), MAX_QUOTED);
}
