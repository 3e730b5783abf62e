export interface ScriptedToolCall {
  id: string;
  name: string;
  input: unknown;
}

export interface ScriptedUsage {
  input: number;
  output: number;
  cacheRead?: number;
}

/** One answer of the scripted model. What is not named is left out or well-behaved. */
export interface ScriptedStep {
  text?: string;
  /** Sends this many text deltas, numbered from 0; with `text`, the text is cut into that many pieces. */
  deltas?: number;
  /** Pads each numbered delta to this many characters. */
  deltaLength?: number;
  /** Each numbered delta carries this process's monotonic clock at its sending, for `stampsIn`. */
  stamp?: boolean;
  paceMs?: number;
  /** Waits before the first byte of the answer. */
  delayMs?: number;
  reasoning?: string;
  signature?: string;
  /** Called in parallel, in this order. */
  toolCalls?: ScriptedToolCall[];
  /** The input of a call comes in several pieces; otherwise in two. */
  splitToolInput?: number;
  /** Id, name and input of a call come in one chunk. */
  wholeToolCall?: boolean;
  /** The input of the calls is the empty string. */
  emptyArguments?: boolean;
  usage?: ScriptedUsage | null;
  /** The usage comes in a chunk behind the finish chunk, whose choice has a null finish reason. */
  usageAfterFinish?: boolean;
  finishReason?: string;
  /** An HTTP error instead of a stream. */
  status?: number;
  /** Seconds, or an HTTP date. */
  retryAfter?: string;
  retryAfterMs?: number;
  errorMessage?: string;
  /** The socket is cut: in the middle of a chunk, or cleanly between two, before the finish. */
  cut?: 'mid-chunk' | 'before-finish';
  /** After the text, nothing more is sent and the socket stays open. */
  stall?: boolean;
  /** An error event inside the 200 stream, after the text. */
  errorEvent?: { type?: string; code?: string | number; message: string };
  crlf?: boolean;
  comments?: boolean;
  trailingSpaces?: boolean;
  /** Sends this body with this content type instead of a stream. */
  rubbish?: { contentType: string; body: string };
  /** Sends these pieces as they are, and then ends, resets or keeps the connection. */
  raw?: { pieces: string[]; contentType?: string; status?: number; after?: 'end' | 'reset' | 'hold' };
  /** Sends the location with status 302. */
  redirect?: string;
}

export interface ScriptedRequest {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: ScriptedBody;
  /** Monotonic milliseconds at which the body was complete. */
  at: number;
  /** Set once the client has gone away before the answer was complete. */
  aborted: boolean;
}

export interface ScriptedBody {
  model?: string;
  stream?: boolean;
  messages?: { role: string; content: unknown; [key: string]: unknown }[];
  tools?: Record<string, unknown>[];
  [key: string]: unknown;
}

export type Script = ScriptedStep[] | ((request: ScriptedRequest, index: number) => ScriptedStep);

/** Step number `index`; a list repeats its last step for ever. */
export function stepOf(script: Script, request: ScriptedRequest, index: number): ScriptedStep {
  if (typeof script === 'function') return script(request, index);
  return script[Math.min(index, script.length - 1)] ?? { text: 'ok' };
}

/** `count` steps that each call one tool, then an answer. */
export function chainedToolCalls(count: number, call: (index: number) => ScriptedToolCall): ScriptedStep[] {
  const steps: ScriptedStep[] = Array.from({ length: count }, (_, index) => ({ toolCalls: [call(index)] }));
  return [...steps, { text: 'done' }];
}

/** The pieces of text that a step streams. */
export function* textDeltas(step: ScriptedStep): Generator<string> {
  const { text, deltas, deltaLength = 0, stamp = false } = step;
  if (text !== undefined) {
    yield* pieces(text, deltas ?? 1);
    return;
  }
  for (let index = 0; index < (deltas ?? 0); index += 1) {
    const clock = stamp ? STAMP : '';
    yield `${clock}delta ${index} `.padEnd(deltaLength, '.');
  }
}

export function pieces(text: string, count: number): string[] {
  const size = Math.max(1, Math.ceil(text.length / Math.max(1, count)));
  const out: string[] = [];
  for (let at = 0; at < text.length; at += size) out.push(text.slice(at, at + size));
  return out;
}

const STAMP_WIDTH = 14;
/** Stands for the clock until the delta is written, so that pacing does not age the stamp. */
const STAMP = `@${'#'.repeat(STAMP_WIDTH)}@`;

/** Puts the clock in, without changing the length. */
export function stampNow(payload: string): string {
  return payload.replace(STAMP, () => `@${performance.now().toFixed(3).padStart(STAMP_WIDTH, '0')}@`);
}

/** The clock stamps inside streamed text, in milliseconds of `performance.now()` of the provider's process. */
export function stampsIn(text: string): number[] {
  return Array.from(text.matchAll(/@(\d+\.\d+)@/g), (found) => Number(found[1]));
}
