import { z } from 'zod';

export const ImageReference = z.object({
  url: z.string().max(2048),
  filename: z.string().max(255),
  mime_type: z.string().max(100),
});
export type ImageReference = z.infer<typeof ImageReference>;

/** Clients spell the session's id in two ways. */
const sessionIdKeys = { sessionID: z.string().optional(), session_id: z.string().optional() };

export const ClientFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message'),
    ...sessionIdKeys,
    content: z.string(),
    images: z.array(ImageReference).max(20).optional(),
    client_msg_id: z.string().min(1).max(128).optional(),
  }),
  z.object({ type: z.literal('reconnect'), ...sessionIdKeys, lastMsgId: z.unknown() }),
  z.object({
    type: z.literal('permission_response'),
    ...sessionIdKeys,
    id: z.string().optional(),
    tool_call_id: z.string().optional(),
    granted: z.boolean().optional(),
    denied: z.boolean().optional(),
    allow_for_session: z.boolean().optional(),
    tool_name: z.string().optional(),
    action: z.string().optional(),
    path: z.string().optional(),
  }),
  z.object({ type: z.literal('cancel'), ...sessionIdKeys }),
  z.object({ type: z.literal('auth'), token: z.string().max(8192) }),
  z.object({ type: z.literal('ping') }),
]);
export type ClientFrame = z.infer<typeof ClientFrame>;

export function frameSessionId(frame: { sessionID?: string; session_id?: string }): string | undefined {
  return frame.session_id ?? frame.sessionID;
}
