export type ThinkEvent =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  | { type: 'open' }
  | { type: 'close' }
  /** All text so far was reasoning: its opening tag was part of the prompt. */
  | { type: 'text_was_reasoning' };

export interface ThinkSplitter {
  push(text: string): ThinkEvent[];
  /** What was held back because it might have become a tag. */
  flush(): ThinkEvent[];
  /** Reasoning came in a field of its own, so that a lone closing tag is just text. */
  noteReasoning(): void;
}

const PAIRS: readonly (readonly [open: string, close: string])[] = [
  ['<think>', '</think>'],
  ['<thinking>', '</thinking>'],
  ['<thought>', '</thought>'],
  ['[THINK]', '[/THINK]'],
];
const LONE_CLOSE = '</think>';

/** Splits the reasoning out of an answer whose provider leaves it in the text, between tags at its beginning. */
export function createThinkSplitter(): ThinkSplitter {
  let state: 'start' | 'text' | 'think' = 'start';
  let held = '';
  let close = '';
  let mayLackOpening = true;
  let hasThought = false;
  let isFenced = false;
  let backticks = 0;
  let lastCharacter: string | undefined;

  function atStart(out: ThinkEvent[]): boolean {
    const text = held.trimStart();
    const pair = PAIRS.find(([open]) => text.startsWith(open));
    if (pair) {
      close = pair[1];
      held = text.slice(pair[0].length).replace(/^\n/, '');
      state = 'think';
      mayLackOpening = false;
      hasThought = true;
      out.push({ type: 'open' });
      return true;
    }
    if (PAIRS.some(([open]) => open.startsWith(text))) return false;
    if (hasThought) held = text;
    state = 'text';
    return true;
  }

  function inThought(out: ThinkEvent[]): boolean {
    const at = held.indexOf(close);
    if (at === -1) {
      emit(out, 'reasoning', held.length - prefixLength(held, close));
      return false;
    }
    emit(out, 'reasoning', at);
    held = held.slice(close.length);
    state = 'start';
    out.push({ type: 'close' });
    return true;
  }

  function inText(out: ThinkEvent[], isLast: boolean): boolean {
    const at = mayLackOpening ? held.indexOf(LONE_CLOSE) : -1;
    if (at === -1) {
      const keep = mayLackOpening ? prefixLength(held, LONE_CLOSE) : 0;
      emit(out, 'text', held.length - keep);
      return false;
    }
    const end = at + LONE_CLOSE.length;
    if (held.length === end && !isLast) {
      // What follows tells whether it is a tag or talk about one.
      emit(out, 'text', Math.max(0, at - 1));
      return false;
    }
    const isQuoted = isTalk(at > 0 ? held[at - 1] : lastCharacter, held[end]);
    emit(out, 'text', at);
    if (isQuoted || isFenced) {
      emit(out, 'text', LONE_CLOSE.length);
      return true;
    }
    held = held.slice(LONE_CLOSE.length);
    mayLackOpening = false;
    hasThought = true;
    state = 'start';
    out.push({ type: 'text_was_reasoning' });
    return true;
  }

  function emit(out: ThinkEvent[], type: 'text' | 'reasoning', length: number): void {
    if (length <= 0) return;
    const text = held.slice(0, length);
    held = held.slice(length);
    lastCharacter = text.at(-1);
    if (type === 'text' && mayLackOpening) readFences(text);
    out.push({ type, text });
  }

  function readFences(text: string): void {
    for (const character of text) {
      backticks = character === '`' ? backticks + 1 : 0;
      if (backticks === 3) isFenced = !isFenced;
    }
  }

  function run(isLast: boolean): ThinkEvent[] {
    const out: ThinkEvent[] = [];
    for (let goesOn = held !== ''; goesOn && held !== ''; ) {
      if (state === 'start') goesOn = atStart(out);
      else if (state === 'think') goesOn = inThought(out);
      else goesOn = inText(out, isLast);
    }
    return out;
  }

  return {
    push(text) {
      held += text;
      return run(false);
    },
    flush() {
      if (state === 'start') {
        if (hasThought) held = held.trimStart();
        state = 'text';
      }
      const out = run(true);
      emit(out, state === 'think' ? 'reasoning' : 'text', held.length);
      if (state === 'think') out.push({ type: 'close' });
      state = 'text';
      return out;
    },
    noteReasoning() {
      mayLackOpening = false;
    },
  };
}

/** How much of the end may be the beginning of the tag. */
function prefixLength(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}

/** In quotes, or in the middle of a sentence. */
function isTalk(before: string | undefined, after: string | undefined): boolean {
  const isQuoted = /["'`“‘(]/.test(before ?? '') || /["'`”’)]/.test(after ?? '');
  return isQuoted || (before === ' ' && after === ' ');
}
