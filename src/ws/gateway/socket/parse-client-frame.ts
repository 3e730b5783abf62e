import { z } from 'zod';
import { ClientFrame, frameSessionId } from '#domain/protocol/index.ts';
import { isWithin } from '#shared/bounded-json.ts';

/** Frames have at most 64 KiB, so that their values need no count. */
const FRAME = { maxDepth: 32, maxItems: Number.POSITIVE_INFINITY };
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
  if (!isWithin(text, FRAME)) return { ok: false, reason: 'The frame is nested too deeply', hostile: true };
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
