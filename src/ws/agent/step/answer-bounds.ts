import {
  MAX_ANSWER_CALLS,
  MAX_ANSWER_INPUT_CHARS,
  MAX_ANSWER_REASONING_CHARS,
  MAX_ANSWER_TEXT_CHARS,
  MAX_CALL_INPUT_CHARS,
  type ModelPart,
} from '#domain/provider/index.ts';

/** What a block of reasoning counts besides its text. */
const BLOCK_CHARS = 64;

/** Why an answer is not read any further. */
export type Overrun =
  /** What came so far is of no use. `sentence` is for the user. */
  | { kind: 'fails'; sentence: string }
  /** The calls so far are run, without the one whose input is cut. `sentence` is for the model. */
  | { kind: 'cut'; at: 'call' | 'input'; sentence: string };

export interface AnswerBounds {
  /** Counts a part before it is taken. Null: there is room for it. */
  check(part: ModelPart): Overrun | null;
}

/** Counts one answer of a model, whose length is the provider's choice. */
export function createAnswerBounds(): AnswerBounds {
  let text = 0;
  let reasoning = 0;
  let inputs = 0;
  let calls = 0;
  /** Characters of calls that have not ended. */
  let open = new Map<string, number>();

  function input(callId: string, chars: number): Overrun | null {
    const before = open.get(callId) ?? 0;
    inputs += chars - before;
    open.set(callId, chars);
    return chars > MAX_CALL_INPUT_CHARS || inputs > MAX_ANSWER_INPUT_CHARS
      ? { kind: 'cut', at: 'input', sentence: LONG_INPUT }
      : null;
  }

  function begin(callId: string): Overrun | null {
    open.set(callId, 0);
    calls += 1;
    return calls > MAX_ANSWER_CALLS ? { kind: 'cut', at: 'call', sentence: MANY_CALLS } : null;
  }

  function end(callId: string, chars: number): Overrun | null {
    const overrun = (open.has(callId) ? null : begin(callId)) ?? input(callId, chars);
    open.delete(callId);
    return overrun;
  }

  function think(chars: number): Overrun | null {
    reasoning += chars;
    if (reasoning <= MAX_ANSWER_REASONING_CHARS) return null;
    return tooLong('reasoning', MAX_ANSWER_REASONING_CHARS);
  }

  return {
    check(part) {
      switch (part.type) {
        case 'text':
          text += part.text.length;
          return text > MAX_ANSWER_TEXT_CHARS ? tooLong('text', MAX_ANSWER_TEXT_CHARS) : null;
        case 'reasoning_start':
          return think(BLOCK_CHARS);
        case 'reasoning':
          return think(part.text.length);
        case 'reasoning_end':
          return think(charsOf(part.signature) + charsOf(part.providerMetadata));
        case 'tool_call_start':
          return begin(part.callId);
        case 'tool_call_input':
          return input(part.callId, (open.get(part.callId) ?? 0) + part.text.length);
        case 'tool_call':
          return end(part.callId, part.input.length);
        case 'restart':
          text = reasoning = inputs = calls = 0;
          open = new Map();
          return null;
        default:
          return null;
      }
    },
  };
}

function charsOf(value: unknown): number {
  return value === undefined ? 0 : JSON.stringify(value).length;
}

const MANY_CALLS = `Only the first ${MAX_ANSWER_CALLS} calls of your answer were taken; those behind them were left out and not run. Make at most ${MAX_ANSWER_CALLS} calls in one answer.`;
const LONG_INPUT = `Your answer was cut in the input of its last call, which was too long and was not run. Keep the input of a call below ${mebi(MAX_CALL_INPUT_CHARS)} MB: write a large file in several steps.`;

function tooLong(what: string, limit: number): Overrun {
  return {
    kind: 'fails',
    sentence: `The model’s answer was cut: it had more than ${mebi(limit)} MB of ${what}.`,
  };
}

function mebi(chars: number): number {
  return chars / (1024 * 1024);
}
