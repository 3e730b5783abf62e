import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { createSerialQueue } from '#shared/async/serial-queue.ts';

export type Answer = { kind: 'line'; text: string } | { kind: 'end' } | { kind: 'interrupt' };

export interface Question {
  text: string;
  signal: AbortSignal;
  /** What is typed is not shown and not remembered. */
  isSecret?: boolean;
  /** Lines typed before the question was shown do not answer it. */
  isFresh?: boolean;
}

/** Questions to the person at the terminal, one after another. */
export interface PromptInput {
  /** Throws the signal's reason when it is aborted. */
  ask(question: Question): Promise<Answer>;
}

type Keyboard = NodeJS.ReadableStream & { setRawMode?: (mode: boolean) => unknown };

/** What was typed before a fresh question arrives within this time. */
const STALE_INPUT_MS = 50;
const HISTORY_SIZE = 200;

/**
 * The line editor lives only while a question is open: in between, the terminal is in its normal mode and
 * Ctrl-C is a signal.
 */
export function createPromptInput(deps: { stdin: Keyboard; stdout: NodeJS.WritableStream }): PromptInput {
  const queue = createSerialQueue();
  const waiting: string[] = [];
  let history: string[] = [];
  let hasEnded = false;

  function open(question: Question): Interface {
    const isTerminal = typeof deps.stdin.setRawMode === 'function';
    return createInterface({
      input: deps.stdin,
      output: question.isSecret ? silence() : deps.stdout,
      terminal: isTerminal,
      historySize: question.isSecret || question.isFresh ? 0 : HISTORY_SIZE,
      history: question.isSecret || question.isFresh ? [] : [...history],
      removeHistoryDuplicates: true,
    });
  }

  function read(question: Question): Promise<Answer> {
    question.signal.throwIfAborted();
    const early = question.isFresh || question.isSecret ? undefined : waiting.shift();
    if (early !== undefined) {
      deps.stdout.write(`${question.text}${early}\n`);
      return Promise.resolve({ kind: 'line', text: early });
    }
    if (hasEnded) return Promise.resolve({ kind: 'end' });
    return new Promise((resolve, reject) => {
      const editor = open(question);
      const openedAt = Date.now();
      const lines: string[] = [];
      let isSettled = false;
      const settle = (finish: () => void) => {
        if (isSettled) return;
        isSettled = true;
        question.signal.removeEventListener('abort', onAbort);
        editor.close();
        finish();
      };
      const onAbort = () => settle(() => reject(question.signal.reason));
      question.signal.addEventListener('abort', onAbort, { once: true });
      editor.on('history', (entries: string[]) => {
        if (!question.isSecret && !question.isFresh) history = entries;
      });
      editor.on('SIGINT', () => {
        deps.stdout.write('\n');
        settle(() => resolve({ kind: 'interrupt' }));
      });
      editor.on('close', () => {
        hasEnded = !isSettled;
        settle(() => resolve(firstOf(lines)));
      });
      editor.on('line', (line) => {
        if (question.isFresh && Date.now() - openedAt < STALE_INPUT_MS) {
          waiting.push(line);
          deps.stdout.write(question.text);
          return;
        }
        lines.push(line);
        // A paste brings several lines at once: the rest waits for the next question.
        if (lines.length === 1) setImmediate(() => settle(() => resolve(firstOf(lines))));
      });
      deps.stdout.write(question.isSecret ? question.text : '');
      editor.setPrompt(question.isSecret ? '' : question.text);
      editor.prompt();
    });
  }

  function firstOf(lines: string[]): Answer {
    const [text, ...rest] = lines;
    if (text === undefined) return { kind: 'end' };
    waiting.push(...rest);
    return { kind: 'line', text };
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
