import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from './answer.ts';
import { anthropicDialect, chatDialect, type Dialect } from './dialects.ts';
import { type Script, type ScriptedBody, type ScriptedRequest, type ScriptedStep, stepOf } from './script.ts';
import type { StrictRule } from './strict.ts';

export * from './script.ts';

export interface ScriptedModelOptions {
  /** Answers of requests that declare tools, in order of arrival. */
  script: Script;
  /** The answer of requests without tools (titles, summaries). Without it those use up the script as well. */
  title?: string | ScriptedStep;
  /** Refuses what a provider refuses, before the script is asked. */
  strict?: StrictRule;
}

export interface ScriptedModel {
  /** For a provider of type `openai-compat` or `openai`: `${url}/v1`; the same for `anthropic`. */
  url: string;
  /** Everything received so far, oldest first. */
  requests: ScriptedRequest[];
  close(): Promise<void>;
}

const DIALECTS: Record<string, Dialect> = {
  '/v1/chat/completions': chatDialect,
  '/v1/messages': anthropicDialect,
};

/** A model provider on 127.0.0.1 that says what the script says, over real HTTP. */
export async function startScriptedModel(options: ScriptedModelOptions): Promise<ScriptedModel> {
  const requests: ScriptedRequest[] = [];
  const closing = new AbortController();
  let played = 0;

  function nextStep(request: ScriptedRequest): ScriptedStep {
    const { title } = options;
    if (title !== undefined && !request.body.tools?.length)
      return typeof title === 'string' ? { text: title } : title;
    played += 1;
    return stepOf(options.script, request, played - 1);
  }

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = message.url ?? '/';
    const dialect = DIALECTS[path];
    const body = await readBody(message);
    if (!dialect || !body) {
      response
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"error":{"message":"no such path"}}');
      return;
    }
    const request: ScriptedRequest = {
      path,
      headers: message.headers,
      body,
      at: performance.now(),
      aborted: false,
    };
    requests.push(request);
    const left = new AbortController();
    response.once('close', () => {
      request.aborted = !response.writableFinished;
      left.abort();
    });
    const signal = AbortSignal.any([left.signal, closing.signal]);
    const refusal = options.strict?.(body);
    if (refusal?.status) {
      const head = { 'content-type': 'application/json' };
      response.writeHead(refusal.status, head).end(JSON.stringify(refusal.body));
      return;
    }
    await answer(response, dialect, nextStep(request), signal);
  }

  const server = createServer((message, response) => {
    handle(message, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      closing.abort();
      server.closeAllConnections();
      if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function readBody(message: IncomingMessage): Promise<ScriptedBody | null> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as ScriptedBody;
  } catch {
    return null;
  }
}
