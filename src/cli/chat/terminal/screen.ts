import type { Output } from '../view/render.ts';

/** Where output goes. Interactive: all to one terminal; else the answer to stdout and the rest to stderr. */
export interface Screen {
  write(outputs: readonly Output[]): void;
  notice(...lines: string[]): void;
  /** Ends an unfinished line of the answer. */
  endLine(): void;
}

export interface ScreenDeps {
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
  isInteractive: boolean;
}

export function createScreen(deps: ScreenDeps): Screen {
  let isAtLineStart = true;

  const screen: Screen = {
    write(outputs) {
      for (const output of outputs) {
        if (output.channel === 'notice') {
          screen.notice(...output.lines);
          continue;
        }
        if (output.isNewMessage) screen.endLine();
        deps.stdout.write(output.text);
        isAtLineStart = output.text.endsWith('\n');
      }
    },
    notice(...lines) {
      if (deps.isInteractive) screen.endLine();
      (deps.isInteractive ? deps.stdout : deps.stderr).write(`${lines.join('\n')}\n`);
    },
    endLine() {
      if (!isAtLineStart) deps.stdout.write('\n');
      isAtLineStart = true;
    },
  };
  return screen;
}
