import { createHash } from 'node:crypto';

/** How a family writes the ids of tool calls. */
export interface CallIdFormat {
  /** Whether an id goes back as it is; `isForeign`: another provider or model gave it. */
  accepts(id: string, isForeign: boolean): boolean;
  /** The same id for the same call; another one for each `salt`, for when it is taken. */
  make(call: { id: string; name: string; position: number; salt: number }): string;
}

const ALPHANUMERICS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** What nobody objects to; OpenAI takes at most 40 characters. A provider's own ids go back whatever they are. */
export const ANY_ID: CallIdFormat = {
  accepts: (id, isForeign) => !isForeign || /^[\w.:-]{1,40}$/.test(id),
  make: ({ id, salt }) => `call_${digest(id, salt).toString('hex').slice(0, 24)}`,
};

/** Anthropic and Bedrock: letters, digits, `_` and `-`. OpenAI's Responses take 64 characters. */
export const WORD_ID: CallIdFormat = {
  accepts: (id) => /^[\w-]{1,64}$/.test(id),
  make: ({ id, salt }) =>
    `${id.replace(/[^\w-]/g, '_').slice(0, 48)}_${digest(id, salt).toString('hex').slice(0, 12)}`,
};

/** Mistral: exactly nine letters and digits. */
export const NINE_ID: CallIdFormat = {
  accepts: (id) => /^[a-zA-Z0-9]{9}$/.test(id),
  make: ({ id, salt }) =>
    Array.from(digest(id, salt).subarray(0, 9), (byte) => ALPHANUMERICS[byte % ALPHANUMERICS.length]).join(
      '',
    ),
};

/** Kimi: its template reads the name and counts the calls of a conversation. */
export const NUMBERED_ID: CallIdFormat = {
  accepts: (id, isForeign) => !isForeign || /^functions\.[\w-]{1,64}:\d{1,6}$/.test(id),
  make: ({ name, position, salt }) => `functions.${name}:${position + salt}`,
};

function digest(id: string, salt: number): Buffer {
  return createHash('sha256')
    .update(salt === 0 ? id : `${id}#${salt}`)
    .digest();
}
