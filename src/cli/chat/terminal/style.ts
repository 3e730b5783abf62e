import { styleText } from 'node:util';

/** Colours; the identity when the output is no terminal or colours are not wanted. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export function createStyle(isColoured: boolean): Style {
  const styled = (format: keyof Style) => (text: string) =>
    // What the output is was asked before: the function must not judge by standard output.
    isColoured && text !== '' ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: styled('bold'),
    dim: styled('dim'),
    red: styled('red'),
    green: styled('green'),
    yellow: styled('yellow'),
    cyan: styled('cyan'),
  };
}
