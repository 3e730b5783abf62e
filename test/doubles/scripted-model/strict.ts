import type { ScriptedBody } from './script.ts';

/** Refuses a request as the provider documents it, or as it is reported to do; null: it is taken. */
export type StrictRule = (body: ScriptedBody) => { status: number; body: unknown } | null;

type Loose = Record<string, unknown>;

const refuse = (status: number, message: string) => ({
  status,
  body: { error: { message, type: 'invalid_request_error' } },
});

function messagesOf(body: ScriptedBody, role: string): Loose[] {
  return (body.messages ?? []).filter((message) => message.role === role);
}

function listOf(value: unknown): Loose[] {
  return Array.isArray(value) ? (value as Loose[]) : [];
}

function callsOf(body: ScriptedBody): Loose[] {
  return messagesOf(body, 'assistant').flatMap(({ tool_calls }) => listOf(tool_calls));
}

/** What every chat refuses: names and ids beyond the charset, results without a call, calls that are not answered. */
function chatBasics(body: ScriptedBody): ReturnType<StrictRule> {
  const ids = callsOf(body).map(({ id }) => id);
  const answered = messagesOf(body, 'tool').map(({ tool_call_id }) => tool_call_id);
  if (new Set(ids).size !== ids.length) return refuse(400, 'Duplicate tool call id');
  if (ids.length !== answered.length || ids.some((id) => !answered.includes(id))) {
    return refuse(400, 'Each tool call must be followed by its result');
  }
  for (const call of callsOf(body)) {
    const name = String((call.function as Loose).name);
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) return refuse(400, `Invalid function name: ${name}`);
  }
  return null;
}

function demandsReasoning(body: ScriptedBody): ReturnType<StrictRule> {
  const lacks = messagesOf(body, 'assistant').some(
    (message) => listOf(message.tool_calls).length > 0 && !String(message.reasoning_content ?? '').trim(),
  );
  return lacks
    ? refuse(400, 'Missing `reasoning_content` field in the assistant message.')
    : chatBasics(body);
}

const ID_OF_MISTRAL = /^[a-zA-Z0-9]{9}$/;
const MISTRAL_FIELDS = new Set(['role', 'content', 'tool_calls', 'prefix']);

export const STRICT: Record<string, StrictRule> = {
  openai: (body) => {
    const long = callsOf(body).find(({ id }) => String(id).length > 40);
    return long
      ? refuse(400, 'Invalid tool_calls.id: string too long. Expected length 40.')
      : chatBasics(body);
  },
  mistral: (body) => {
    const bad = callsOf(body).find(({ id }) => !ID_OF_MISTRAL.test(String(id)));
    if (bad) return refuse(400, `Tool call id was ${bad.id} but must be a-z, A-Z, 0-9, with a length of 9.`);
    for (const [index, message] of messagesOf(body, 'assistant').entries()) {
      const extra = Object.keys(message).find((key) => !MISTRAL_FIELDS.has(key));
      if (!extra) continue;
      const loc = ['body', 'messages', index, 'assistant', extra];
      const detail = [{ type: 'extra_forbidden', loc, msg: 'Extra inputs are not permitted' }];
      return { status: 422, body: { object: 'error', message: { detail }, code: null } };
    }
    return chatBasics(body);
  },
  groq: (body) => {
    const field = ['reasoning_content', 'reasoning_details'].find((key) =>
      messagesOf(body, 'assistant').some((message) => key in message),
    );
    if (field) return refuse(400, `'messages.2' : for 'role:assistant' property '${field}' is unsupported`);
    return chatBasics(body);
  },
  gemini: (body) => {
    const assistants = messagesOf(body, 'assistant');
    if (assistants.some((message) => 'reasoning_content' in message)) {
      return refuse(400, 'Invalid JSON payload received. Unknown name "reasoning_content"');
    }
    const unsigned = assistants.some(({ tool_calls }) => {
      const [first] = listOf(tool_calls);
      return first && !String(JSON.stringify(first.extra_content ?? {})).includes('thought_signature');
    });
    return unsigned
      ? refuse(400, 'Function call is missing a thought_signature in functionCall parts.')
      : chatBasics(body);
  },
  deepseek: demandsReasoning,
  moonshot: (body) => {
    const odd = callsOf(body).find(({ id }) => !/^functions\.[\w-]+:\d+$/.test(String(id)));
    return odd ? refuse(400, `tool_call_id ${odd.id} is not found`) : demandsReasoning(body);
  },
  anthropic: (body) => {
    for (const message of body.messages ?? []) {
      for (const block of listOf(message.content)) {
        const wrong = wrongBlock(block);
        if (wrong)
          return {
            status: 400,
            body: { type: 'error', error: { type: 'invalid_request_error', message: wrong } },
          };
      }
    }
    return null;
  },
};

function wrongBlock(block: Loose): string | null {
  if (block.type === 'tool_use') {
    if (!/^[a-zA-Z0-9_-]+$/.test(String(block.id))) return 'tool_use.id: String should match pattern';
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(String(block.name)))
      return 'tool_use.name: String should match pattern';
  }
  if (block.type === 'text' && String(block.text).trim() === '')
    return 'text content blocks must be non-empty';
  if (block.type === 'image' && !isPng(block.source as Loose)) return 'Could not process image';
  if (block.type === 'tool_result')
    return (
      listOf(block.content)
        .map(wrongBlock)
        .find((found) => found) ?? null
    );
  return null;
}

function isPng({ data }: Loose): boolean {
  return Buffer.from(String(data), 'base64').subarray(1, 4).toString('latin1') === 'PNG';
}
