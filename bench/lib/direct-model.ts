import { Agent, request } from 'node:http';
import { stampsIn } from '../../test/doubles/scripted-model/script.ts';
import { type Directive, promptOf } from './directive.ts';

export interface Delivery {
  /** `performance.now()` of the arrival. */
  at: number;
  /** The provider's clock at its sending. */
  stamp: number;
}

export interface DirectModel {
  /** One streaming call, read to its end. `toolResults`: how many of its chained calls are already answered. */
  call(directive: Directive, toolResults?: number): Promise<{ ms: number; deliveries: Delivery[] }>;
  close(): void;
}

const TOOLS = [
  { type: 'function', function: { name: 'bash', parameters: { type: 'object', properties: {} } } },
];

/** What a program without Crush would do: a kept connection and the bytes as they come. */
export function createDirectModel(url: string): DirectModel {
  const agent = new Agent({ keepAlive: true });
  return {
    call(directive, toolResults = 0) {
      const body = JSON.stringify({
        model: 'scripted',
        stream: true,
        tools: TOOLS,
        messages: [{ role: 'user', content: promptOf(directive) }, ...toolMessages(toolResults)],
      });
      return stream(`${url}/v1/chat/completions`, { agent, body });
    },
    close: () => agent.destroy(),
  };
}

function toolMessages(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    role: 'tool',
    tool_call_id: `call_${index}`,
    content: 'ok',
  }));
}

function stream(
  url: string,
  { agent, body }: { agent: Agent; body: string },
): ReturnType<DirectModel['call']> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const deliveries: Delivery[] = [];
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
      let ended = false;
      response.on('data', (chunk: Buffer) => {
        const at = performance.now();
        const text = chunk.toString();
        ended ||= text.includes('[DONE]');
        for (const stamp of stampsIn(text)) deliveries.push({ at, stamp });
      });
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200 && ended) resolve({ ms: performance.now() - startedAt, deliveries });
        else reject(new Error(`the scripted model answered with ${response.statusCode} and no end`));
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
