import type { Interface } from 'node:readline';
import type { Question } from './question.ts';

/** Lines that follow each other faster were not typed. */
const PASTE_GAP_MS = 30;

/** What outlives a question: it is there when the next one is asked. */
export interface Desk {
  /** Whole answers that were given before their question. */
  waiting: string[];
  draft: string;
  history: string[];
  hasEnded: boolean;
}

/** The lines of one answer, typed or pasted. */
export interface LineCollector {
  readonly lines: string[];
  add(line: string): void;
  onKey(name: string | undefined): void;
  /** Moves what is in the editor of a fresh question to the next prompt. */
  putAside(): void;
  discard(): void;
  /** The answer. What follows it in the answer to a fresh question waits for the next. */
  take(): string;
  /** Nothing more is answered; what was typed of a prompt is kept for the next. */
  stop(): void;
}

export interface CollectorDeps {
  question: Question;
  editor: Interface;
  desk: Desk;
  /** The lines so far are an answer. */
  onAnswer(): void;
}

export function createLineCollector({ question, editor, desk, onAnswer }: CollectorDeps): LineCollector {
  const { isSecret = false, isFresh = false } = question;
  const lines: string[] = [];
  let isPasting = false;
  let pause: NodeJS.Timeout | undefined;

  const keep = () => {
    desk.draft += [...lines.splice(0), editor.line].join('\n');
  };
  const collector: LineCollector = {
    lines,
    add(line) {
      lines.push(line);
      if (isPasting && !isSecret) return;
      clearTimeout(pause);
      pause = setTimeout(() => {
        // The rest of a paste without a line end waits to be sent.
        if (isFresh || isSecret || !editor.line) onAnswer();
      }, PASTE_GAP_MS);
    },
    onKey(name) {
      if (name === 'paste-start') isPasting = true;
      if (name !== 'paste-end') return;
      isPasting = false;
      if (isFresh) collector.putAside();
    },
    putAside() {
      if (lines.length === 0 && editor.line === '') return;
      keep();
      clear(editor);
    },
    discard() {
      lines.length = 0;
      clear(editor);
    },
    take() {
      const [text = '', ...rest] = isFresh || isSecret ? lines.splice(0) : [lines.splice(0).join('\n')];
      if (isFresh && rest.length > 0) desk.waiting.push(rest.join('\n'));
      return text;
    },
    stop() {
      clearTimeout(pause);
      if (!isSecret && !desk.hasEnded) keep();
    },
  };
  return collector;
}

function clear(editor: Interface): void {
  editor.write(null, { ctrl: true, name: 'e' });
  editor.write(null, { ctrl: true, name: 'u' });
}
