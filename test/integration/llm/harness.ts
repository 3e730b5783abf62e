import { lookup } from 'node:dns';
import type { ModelPart, ModelRequest, ModelSelection, ProviderType } from '#domain/provider/index.ts';
import { silentLog } from '#shared/log.ts';
import {
  type ClosableLanguageModel,
  createLanguageModel,
  type LanguageModelDeps,
} from '../../../src/infra/llm/index.ts';
import {
  type ScriptedModel,
  type ScriptedModelOptions,
  startScriptedModel,
} from '../../doubles/scripted-model/index.ts';

export const API_KEY = 'sk-test-0123456789abcdef';

export interface Bench {
  server: ScriptedModel;
  model: ClosableLanguageModel;
  /** The waits before retries, none of which took time. */
  waits: number[];
  request(over?: Partial<ModelRequest>, selection?: Partial<ModelSelection>): ModelRequest;
  run(over?: Partial<ModelRequest>, selection?: Partial<ModelSelection>): Promise<ModelPart[]>;
  close(): Promise<void>;
}

/** A language model, and a scripted provider of the type for it to talk to. */
export async function startBench(
  providerType: ProviderType,
  options: ScriptedModelOptions | ScriptedModelOptions['script'],
  deps: Partial<LanguageModelDeps> = {},
): Promise<Bench> {
  const isScript = Array.isArray(options) || typeof options === 'function';
  const server = await startScriptedModel(isScript ? { script: options } : options);
  const waits: number[] = [];
  const model = createLanguageModel({
    clock: { now: () => Date.parse('2026-01-01T00:00:00Z') },
    log: silentLog,
    sleep: async (ms) => {
      waits.push(ms);
    },
    resolve: lookup,
    userAgent: 'crush-test/1.0',
    stallMs: 10_000,
    demoChunkDelayMs: 0,
    ...deps,
  });

  function request(over: Partial<ModelRequest> = {}, selection: Partial<ModelSelection> = {}): ModelRequest {
    return {
      selection: { ...defaultSelection(providerType, server.url), ...selection },
      messages: [
        { role: 'system', text: 'You are a test.' },
        { role: 'user', parts: [{ type: 'text', text: 'hello' }] },
      ],
      tools: [TOOL],
      sessionId: 'session-1',
      ...over,
    };
  }

  return {
    server,
    model,
    waits,
    request,
    run: (over, selection) => collect(model.stream(request(over, selection), new AbortController().signal)),
    async close() {
      await model.close();
      await server.close();
    },
  };
}

const TOOL = {
  name: 'bash',
  description: 'Runs a command.',
  inputSchema: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] },
};

function defaultSelection(providerType: ProviderType, url: string): ModelSelection {
  return {
    providerId: 'scripted',
    providerType,
    model: {
      id: 'scripted',
      name: 'Scripted',
      contextWindow: 100_000,
      defaultMaxTokens: 1_000,
      priceIn: 0,
      priceOut: 0,
      priceCacheWrite: 0,
      priceCacheRead: 0,
      canReason: true,
      supportsImages: true,
    },
    baseUrl: `${url}/v1`,
    apiKey: API_KEY,
    operatorPays: false,
    trusted: true,
    maxTokens: 1_000,
    temperature: null,
    topP: null,
    reasoningEffort: null,
  };
}

export async function collect(stream: AsyncIterable<ModelPart>): Promise<ModelPart[]> {
  const parts: ModelPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

/** The text that stands at the end: what a restart withdrew is gone. */
export function textOf(parts: ModelPart[]): string {
  let text = '';
  for (const part of parts) {
    if (part.type === 'restart') text = '';
    if (part.type === 'text') text += part.text;
  }
  return text;
}

export function reasoningOf(parts: ModelPart[]): string {
  return parts.map((part) => (part.type === 'reasoning' ? part.text : '')).join('');
}

export function callsOf(parts: ModelPart[]): { callId: string; name: string; input: string }[] {
  return parts
    .filter((part) => part.type === 'tool_call')
    .map(({ callId, name, input }) => ({ callId, name, input }));
}

export type Finish = Extract<ModelPart, { type: 'finish' }>;

/** The last part, which has to be the only finish. */
export function finishOf(parts: ModelPart[]): Finish {
  const finishes = parts.filter((part) => part.type === 'finish');
  const last = parts.at(-1);
  if (finishes.length !== 1 || last?.type !== 'finish')
    throw new Error('the stream has no single finish at its end');
  return last;
}
