import type { ModelError } from '#domain/provider/index.ts';

/** What is left out of a request, or put into it, because the provider refused it as it was. */
export type Adjustment = 'no_images' | 'no_reasoning' | 'each_reasoning' | 'signed_calls' | 'nine_ids';

interface Wording {
  adjustment: Adjustment;
  /** All of them have to be found in the provider's sentence. */
  patterns: readonly RegExp[];
}

const UNKNOWN_FIELD =
  /unsupported|not (supported|permitted|allowed)|unknown (name|field|parameter)|unrecognized|unexpected|extra (inputs?|fields?)|additional propert|extra_forbidden/i;
const MISSING_FIELD = /missing|required|must (be|have)|needs? to be|expected/i;

/** In the order in which they are asked: whoever is specific comes first. */
const WORDINGS: readonly Wording[] = [
  { adjustment: 'nine_ids', patterns: [/tool.?call.?id/i, /\b9\b|length/i] },
  { adjustment: 'signed_calls', patterns: [/thought_?\s?signature/i] },
  { adjustment: 'no_reasoning', patterns: [/\breasoning(_content|_details)?\b/i, UNKNOWN_FIELD] },
  { adjustment: 'each_reasoning', patterns: [/reasoning_content/i, MISSING_FIELD] },
  {
    adjustment: 'no_reasoning',
    patterns: [/thinking/i, /block|signature|cannot be modified|expected|`thinking`/i],
  },
  { adjustment: 'no_reasoning', patterns: [/encrypted.?content|item .{0,80}of type .?reasoning/i] },
];

const IMAGE =
  /\bimages?\b|image_url|\bvision\b|multi-?modal|media.?type|mime|mmproj|base64|could not process/i;
const STATUSES = [400, 404, 413, 415, 422];

export interface RefusedRequest {
  hasImages: boolean;
  hasReasoning: boolean;
  hasCalls: boolean;
  made: ReadonlySet<Adjustment>;
}

/** What to change before the request is sent once more; null when the refusal stands. */
export function adjustmentFor(error: ModelError, request: RefusedRequest): Adjustment | null {
  const { code, message, status } = error;
  if (code === 'auth' || code === 'rate_limited' || code === 'refused_address' || code === 'protocol')
    return null;
  const isRefusal = status === undefined ? code === 'bad_request' : STATUSES.includes(status);
  const canMend = (adjustment: Adjustment): boolean => applies(adjustment, request);
  if (isRefusal && code === 'bad_request') {
    const worded = WORDINGS.find(
      ({ adjustment, patterns }) => canMend(adjustment) && patterns.every((pattern) => pattern.test(message)),
    );
    if (worded) return worded.adjustment;
  }
  if (!canMend('no_images')) return null;
  // A refusal that names nothing may mean an image; an overflow only does when it says so, or when bytes are too many.
  if (code === 'context_overflow') return status === 413 ? 'no_images' : null;
  if (isRefusal && status !== 404) return 'no_images';
  // A local server answers 500 for an image that its model cannot see; what is away is only away.
  if (status !== undefined && status > 501) return null;
  return IMAGE.test(message) ? 'no_images' : null;
}

function applies(adjustment: Adjustment, request: RefusedRequest): boolean {
  if (request.made.has(adjustment)) return false;
  if (adjustment === 'no_images') return request.hasImages;
  if (adjustment === 'no_reasoning') return request.hasReasoning && !request.made.has('each_reasoning');
  return request.hasCalls && !(adjustment === 'each_reasoning' && request.made.has('no_reasoning'));
}
