import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { createSerialQueue } from '#shared/async/serial-queue.ts';
import type { Desk } from './line-collector.ts';
import { openQuestion } from './open-question.ts';
import type { Answer, Question } from './question.ts';

/** Questions to the person at the terminal, one after another. */
export interface PromptInput {
  /** A paste is one answer, whatever its lines. Throws the signal's reason when it is aborted. */
  ask(question: Question): Promise<Answer>;
}

type Keyboard = NodeJS.ReadableStream & { setRawMode?: (mode: boolean) => unknown };

const HISTORY_SIZE = 200;

/**
 * The line editor lives only while a question is open: in between, the terminal is in its normal mode and
 * Ctrl-C is a signal. What stands in an editor that closes goes into the next.
 */
export function createPromptInput(deps: { stdin: Keyboard; stdout: NodeJS.WritableStream }): PromptInput {
  const { stdin, stdout } = deps;
  const queue = createSerialQueue();
  const isTerminal = typeof stdin.setRawMode === 'function';
  const desk: Desk = { waiting: [], draft: '', history: [], hasEnded: false };

  function open(question: Question): Interface {
    const forgets = question.isSecret || question.isFresh;
    return createInterface({
      input: stdin,
      output: question.isSecret ? silence() : stdout,
      terminal: isTerminal,
      historySize: forgets ? 0 : HISTORY_SIZE,
      history: forgets ? [] : [...desk.history],
      removeHistoryDuplicates: true,
    });
  }

  async function read(question: Question): Promise<Answer> {
    question.signal.throwIfAborted();
    const early = question.isFresh || question.isSecret ? undefined : desk.waiting.shift();
    if (early !== undefined) {
      stdout.write(`${question.text}${early}\n`);
      return { kind: 'line', text: early };
    }
    if (desk.hasEnded) return { kind: 'end' };
    return openQuestion({ question, editor: open(question), desk, stdin, stdout, isTerminal });
  }

  return {
    ask: (question) =>
      queue(async () => {
        const answer = await read(question);
        if (question.isSecret) stdout.write('\n');
        return answer;
      }),
  };
}

function silence(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
