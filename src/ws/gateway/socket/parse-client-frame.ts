import { z } from 'zod';
import { ClientFrame, frameSessionId } from '#domain/protocol/index.ts';

const MAX_DEPTH = 32;
/** What may be known of a `message` frame that is not valid. */
const Prompt = z.object({
  type: z.literal('message'),
  session_id: z.string().optional().catch(undefined),
  sessionID: z.string().optional().catch(undefined),
});

export type ParsedFrame =
  | { ok: true; frame: ClientFrame }
  /** `hostile`: no client sends this by mistake. `message`: it was to be a prompt. */
  | { ok: false; reason: string; hostile: boolean; message?: { sessionId?: string } };

/** Never throws; costs time linear in the text. */
export function parseClientFrame(text: string): ParsedFrame {
  if (depthOf(text) > MAX_DEPTH)
    return { ok: false, reason: 'The frame is nested too deeply', hostile: true };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'The frame is not JSON', hostile: false };
  }
  const result = ClientFrame.safeParse(value);
  if (result.success) return { ok: true, frame: result.data };
  const field = result.error.issues[0]?.path.join('.');
  const reason = field
    ? `The field ${field.slice(0, 64)} is not valid`
    : 'The frame is not an object of the protocol';
  const message = promptOf(value);
  return { ok: false, reason, hostile: false, ...(message && { message }) };
}

function promptOf(value: unknown): { sessionId?: string } | undefined {
  const prompt = Prompt.safeParse(value);
  return prompt.success ? { sessionId: frameSessionId(prompt.data) } : undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Greatest nesting of brackets outside strings; stops where it is certainly too deep. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (OPENING.has(code)) {
      depth += 1;
      deepest = Math.max(deepest, depth);
      if (deepest > MAX_DEPTH) return deepest;
    } else if (CLOSING.has(code)) depth -= 1;
  }
  return deepest;
}
