import type { EventPublisher } from '#domain/events/index.ts';
import { type ToolCall, toToolCallView } from '#domain/toolcall/index.ts';

const INTERVAL_MS = 250;
const MAX_TAIL_CHARS = 32 * 1024;

/** Shows what a running call puts out, at most four times a second. Nothing of it is kept. */
export interface LiveOutput {
  show(call: ToolCall, tail: string): void;
  /** The call has its result. */
  forget(callId: string): void;
  close(): void;
}

export function createLiveOutput(deps: {
  publisher: Pick<EventPublisher, 'show'>;
  fence: number;
  clock: { now(): number };
}): LiveOutput {
  const waiting = new Map<string, { call: ToolCall; tail: string }>();
  let timer: NodeJS.Timeout | undefined;

  function send(): void {
    timer = undefined;
    for (const { call, tail } of waiting.values()) {
      const now = deps.clock.now();
      const view = toToolCallView({ ...call, status: 'running', result: tail, updatedAt: now });
      const body = JSON.stringify({ Type: 'tool_call_update', ...view });
      deps.publisher.show({ sessionId: call.sessionId, body }, deps.fence);
    }
    waiting.clear();
  }

  return {
    show(call, tail) {
      waiting.set(call.id, { call, tail: tail.slice(-MAX_TAIL_CHARS).toWellFormed() });
      timer ??= setTimeout(send, INTERVAL_MS);
    },
    forget: (callId) => {
      waiting.delete(callId);
    },
    close() {
      clearTimeout(timer);
      timer = undefined;
      waiting.clear();
    },
  };
}
