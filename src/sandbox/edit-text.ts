import { HttpError } from '#http/kit/errors.ts';

/** Replaces `from` by `to`, both as they stand. Throws `no_match`, and `ambiguous_match` unless all are meant. */
export function editText(
  text: string,
  { from, to, all }: { from: string; to: string; all: boolean },
): { text: string; count: number } {
  const pieces = text.split(from);
  const count = pieces.length - 1;
  if (count === 0) throw new HttpError(422, 'no_match', 'old_string is not in the file');
  if (count > 1 && !all) {
    throw new HttpError(
      409,
      'ambiguous_match',
      `old_string is in the file ${count} times: give more of its surroundings, or replace_all`,
    );
  }
  return { text: pieces.join(to), count };
}
