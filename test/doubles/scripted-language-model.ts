import type { LanguageModel, ModelPart, ModelRequest, Usage } from '#domain/provider/index.ts';

export const USAGE: Usage = {
  inputTokens: 100,
  outputTokens: 10,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  estimated: false,
};

export type ScriptedAnswer = (
  request: ModelRequest,
  signal: AbortSignal,
) => AsyncIterable<ModelPart> | ModelPart[];

export interface ScriptedLanguageModel extends LanguageModel {
  /** Requests of turns, without those for titles. */
  readonly requests: ModelRequest[];
}

/** Answers with the script's steps in order; requests without tools (titles) get a text of their own. */
export function createScriptedLanguageModel(script: ScriptedAnswer[]): ScriptedLanguageModel {
  const requests: ModelRequest[] = [];
  return {
    requests,
    async *stream(request, signal) {
      if (request.tools.length === 0) return yield* say('A title')(request, signal);
      const step = script[requests.length];
      requests.push(request);
      if (!step) throw new Error(`the script has no step ${requests.length}`);
      for await (const part of step(request, signal)) {
        if (signal.aborted) return yield cancelled();
        yield part;
      }
    },
  };
}

export function say(...texts: string[]): ScriptedAnswer {
  return () => [...texts.map((text) => ({ type: 'text' as const, text })), finish('stop')];
}

export interface ScriptedCall {
  name: string;
  input: unknown;
  /** Sent as it is. */
  raw?: string;
}

export function call(...calls: ScriptedCall[]): ScriptedAnswer {
  return () => [
    ...calls.map(({ name, input, raw }, at) => ({
      type: 'tool_call' as const,
      callId: `p${at}`,
      name,
      input: raw ?? JSON.stringify(input),
    })),
    finish('tool_calls'),
  ];
}

export function bash(command: string): ScriptedCall {
  return { name: 'bash', input: { description: 'a command', command } };
}

/** Streams some text and then nothing until it is aborted. */
export function stall(text: string): ScriptedAnswer {
  return async function* (_request, signal) {
    yield { type: 'text', text };
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    yield cancelled();
  };
}

export function fail(message: string, text = ''): ScriptedAnswer {
  return () => [
    ...(text === '' ? [] : [{ type: 'text' as const, text }]),
    {
      type: 'finish',
      stopReason: 'error',
      usage: USAGE,
      error: { code: 'unavailable', message, status: 503 },
    },
  ];
}

export function finish(stopReason: Extract<ModelPart, { type: 'finish' }>['stopReason']): ModelPart {
  return { type: 'finish', stopReason, usage: USAGE };
}

function cancelled(): ModelPart {
  return finish('cancelled');
}
