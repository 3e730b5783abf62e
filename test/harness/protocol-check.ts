import { isDeepStrictEqual } from 'node:util';
import { type Endpoint, pathTemplate } from '#domain/protocol/http/endpoint.ts';
import { ENDPOINTS } from '#domain/protocol/http/endpoints.ts';
import { ReceivedFrame } from '#domain/protocol/index.ts';
import { checkReply } from '#http/kit/check-reply.ts';

/** A frame as the protocol has it. Throws for one that it does not declare, a field too many included. */
export function checkedFrame(value: unknown): ReceivedFrame {
  const result = ReceivedFrame.safeParse(value);
  const text = JSON.stringify(value).slice(0, 300);
  if (!result.success)
    throw new Error(`no frame of the protocol: ${text} (${result.error.issues[0]?.message})`);
  if (!isDeepStrictEqual(result.data, value)) throw new Error(`a frame holds more than is declared: ${text}`);
  return result.data;
}

/** Throws for an answer that the endpoint of this request does not declare. */
export function checkAnswer(
  request: { method: string; path: string },
  answer: { status: number; text: string },
): void {
  const endpoint = endpointOf(request);
  if (endpoint && !('bytes' in (endpoint.replies[answer.status] ?? {}))) {
    checkReply(endpoint, { status: answer.status }, answer.text);
  }
}

const PATTERNS = ENDPOINTS.map((endpoint) => ({ endpoint, pattern: patternOf(endpoint) }));

/** The first that fits: paths without parameters stand before those with them. */
function endpointOf({ method, path }: { method: string; path: string }): Endpoint | undefined {
  const [plain = ''] = path.split('?');
  return PATTERNS.find(({ endpoint, pattern }) => endpoint.method === method && pattern.test(plain))
    ?.endpoint;
}

function patternOf(endpoint: Endpoint): RegExp {
  const rest = endpoint.path.endsWith('}') ? '.+' : '[^/]+';
  const template = pathTemplate(endpoint)
    .replace(/\{\w+\}$/, rest)
    .replace(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${template}$`);
}
