import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { createSerialQueue } from '#shared/async/serial-queue.ts';

export type Answer = { kind: 'line'; text: string } | { kind: 'end' } | { kind: 'interrupt' };

export interface Question {
  text: string;
  signal: AbortSignal;
  /** What is typed is not shown and not remembered. */
  isSecret?: boolean;
  /** What was typed before the question was shown, or is pasted, does not answer it. */
  isFresh?: boolean;
}

/** Questions to the person at the terminal, one after another. */
export interface PromptInput {
  /** A paste is one answer, whatever its lines. Throws the signal's reason when it is aborted. */
  ask(question: Question): Promise<Answer>;
}

type Keyboard = NodeJS.ReadableStream & { setRawMode?: (mode: boolean) => unknown };

/** What was typed before a fresh question arrives within this time. */
const STALE_INPUT_MS = 50;
/** Lines that follow each other faster were not typed. */
const PASTE_GAP_MS = 30;
const HISTORY_SIZE = 200;
const PASTE_MARKS_ON = '\u001b[?2004h';
const PASTE_MARKS_OFF = '\u001b[?2004l';

/**
 * The line editor lives only while a question is open: in between, the terminal is in its normal mode and
 * Ctrl-C is a signal. What stands in an editor that closes goes into the next.
 */
export function createPromptInput(deps: { stdin: Keyboard; stdout: NodeJS.WritableStream }): PromptInput {
  const queue = createSerialQueue();
  const isTerminal = typeof deps.stdin.setRawMode === 'function';
  /** Whole answers that were given before their question. */
  const waiting: string[] = [];
  let draft = '';
  let history: string[] = [];
  let hasEnded = false;

  function open(question: Question): Interface {
    const forgets = question.isSecret || question.isFresh;
    return createInterface({
      input: deps.stdin,
      output: question.isSecret ? silence() : deps.stdout,
      terminal: isTerminal,
      historySize: forgets ? 0 : HISTORY_SIZE,
      history: forgets ? [] : [...history],
      removeHistoryDuplicates: true,
    });
  }

  function read(question: Question): Promise<Answer> {
    question.signal.throwIfAborted();
    const { isSecret = false, isFresh = false } = question;
    const early = isFresh || isSecret ? undefined : waiting.shift();
    if (early !== undefined) {
      deps.stdout.write(`${question.text}${early}\n`);
      return Promise.resolve({ kind: 'line', text: early });
    }
    if (hasEnded) return Promise.resolve({ kind: 'end' });
    return new Promise((resolve, reject) => {
      const editor = open(question);
      const openedAt = Date.now();
      const lines: string[] = [];
      let isPasting = false;
      let isSettled = false;
      let pause: NodeJS.Timeout | undefined;

      const settle = (finish: () => void) => {
        if (isSettled) return;
        isSettled = true;
        clearTimeout(pause);
        clearTimeout(stale);
        question.signal.removeEventListener('abort', onAbort);
        deps.stdin.removeListener('keypress', onKey);
        if (!isSecret && !hasEnded) keep(lines, editor.line);
        editor.close();
        if (isTerminal && !isSecret) deps.stdout.write(PASTE_MARKS_OFF);
        finish();
      };
      const answer = () => {
        const [text = '', ...rest] = isFresh || isSecret ? lines.splice(0) : [lines.splice(0).join('\n')];
        if (isFresh && rest.length > 0) waiting.push(rest.join('\n'));
        settle(() => resolve({ kind: 'line', text }));
      };
      const onAbort = () => settle(() => reject(question.signal.reason));
      const onKey = (_text: string | undefined, key: { name?: string } | undefined) => {
        if (key?.name === 'paste-start') isPasting = true;
        if (key?.name !== 'paste-end') return;
        isPasting = false;
        if (isFresh) putAside();
      };
      /** Moves what is in the editor of a fresh question to the next prompt. */
      const putAside = () => {
        if (lines.length === 0 && editor.line === '') return;
        keep(lines.splice(0), editor.line);
        editor.write(null, { ctrl: true, name: 'e' });
        editor.write(null, { ctrl: true, name: 'u' });
      };
      const stale = isFresh ? setTimeout(putAside, STALE_INPUT_MS) : undefined;

      question.signal.addEventListener('abort', onAbort, { once: true });
      deps.stdin.on('keypress', onKey);
      editor.on('history', (entries: string[]) => {
        if (!isSecret && !isFresh) history = entries;
      });
      editor.on('SIGINT', () => {
        deps.stdout.write('\n');
        lines.length = 0;
        editor.write(null, { ctrl: true, name: 'e' });
        editor.write(null, { ctrl: true, name: 'u' });
        settle(() => resolve({ kind: 'interrupt' }));
      });
      editor.on('close', () => {
        if (isSettled) return;
        hasEnded = true;
        if (lines.length > 0) answer();
        else settle(() => resolve({ kind: 'end' }));
      });
      editor.on('line', (line) => {
        if (isFresh && Date.now() - openedAt < STALE_INPUT_MS) {
          waiting.push(line);
          deps.stdout.write(question.text);
          return;
        }
        lines.push(line);
        if (isPasting && !isSecret) return;
        clearTimeout(pause);
        pause = setTimeout(() => {
          // The rest of a paste without a line end waits to be sent.
          if (isFresh || isSecret || !editor.line) answer();
        }, PASTE_GAP_MS);
      });
      if (isTerminal && !isSecret) deps.stdout.write(PASTE_MARKS_ON);
      deps.stdout.write(isSecret ? question.text : '');
      editor.setPrompt(isSecret ? '' : question.text);
      if (!isSecret && !isFresh) restore(editor, question, lines);
      else editor.prompt();
    });
  }

  function keep(lines: readonly string[], rest: string): void {
    draft += [...lines, rest].join('\n');
  }

  function restore(editor: Interface, question: Question, lines: string[]): void {
    const before = draft.split('\n');
    const rest = before.pop() ?? '';
    draft = '';
    for (const line of before) deps.stdout.write(`${question.text}${line}\n`);
    lines.push(...before);
    editor.prompt();
    if (rest !== '') editor.write(rest);
  }

  return {
    ask: (question) =>
      queue(async () => {
        const answer = await read(question);
        if (question.isSecret) deps.stdout.write('\n');
        return answer;
      }),
  };
}

function silence(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
