/** Whether the arguments keep a program from changing or running anything. */
export type ArgumentRule = (args: readonly string[]) => boolean;

export interface Options {
  /** Letters that may be combined behind one dash, with digits among them. */
  flags?: string;
  /** Letters whose value may follow in the same word, in programs that take all of the rest for it. */
  valued?: string;
  /** Names of long options; with `=` behind it, one that has a value. */
  long?: string;
  /** Further words that begin with a dash, as a whole. */
  also?: RegExp;
  /** Judges the other words. */
  operands?: ArgumentRule;
}

/**
 * Every word that begins with a dash, wherever it stands, has to be a listed option: so it does not matter which
 * program takes which word for the value of the one before, or for an operand.
 */
export function options({ flags = '', valued = '', long = '', also, operands }: Options): ArgumentRule {
  const patterns = also ? [also] : [];
  if (flags !== '') patterns.push(new RegExp(`^-[${flags}0-9]+$`));
  if (valued !== '') patterns.push(new RegExp(`^-[${flags}0-9]*[${valued}]`));
  for (const name of long.split(' ')) {
    if (name !== '') patterns.push(new RegExp(name.endsWith('=') ? `^--${name}` : `^--${name}$`));
  }
  return (args) => {
    const isOption = (word: string) => word.startsWith('-') && word !== '-' && word !== '--';
    const listed = args.every((word) => !isOption(word) || patterns.some((pattern) => pattern.test(word)));
    return listed && (operands?.(args.filter((word) => !isOption(word))) ?? true);
  };
}

export const anything: ArgumentRule = () => true;
export const nothing: ArgumentRule = (args) => args.length === 0;
export const only =
  (...allowed: RegExp[]): ArgumentRule =>
  (args) =>
    args.every((arg) => allowed.some((pattern) => pattern.test(arg)));
export const atMost =
  (count: number): ArgumentRule =>
  (args) =>
    args.length <= count;
