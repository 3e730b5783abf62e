import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ModelRequest, ModelSelection } from '#domain/provider/index.ts';
import { imagesOf } from '../prompt/request-content.ts';
import type { Adjustment } from './refusals.ts';

const MAX_MODELS = 256;
const MAX_IMAGES = 1024;

/** What providers turned out to refuse, so that the next request of a session need not be refused first. */
export interface RefusalMemory {
  adjustments(selection: ModelSelection): ReadonlySet<Adjustment>;
  /** Whether the model refused a request for this image. */
  isRefused(selection: ModelSelection, data: Uint8Array): boolean;
  /** The request was taken with these adjustments. */
  remember(request: ModelRequest, made: ReadonlySet<Adjustment>): void;
}

export function createRefusalMemory(): RefusalMemory {
  const models = new LRUCache<string, Set<Adjustment>>({ max: MAX_MODELS });
  const images = new LRUCache<string, true>({ max: MAX_IMAGES });
  return {
    adjustments: (selection) => models.get(keyOf(selection)) ?? new Set(),
    isRefused: (selection, data) => images.size > 0 && images.has(imageKey(selection, data)),
    remember(request, made) {
      const lasting = [...made].filter((adjustment) => adjustment !== 'no_images');
      const { selection } = request;
      if (lasting.length > 0) models.set(keyOf(selection), new Set(lasting));
      if (!made.has('no_images')) return;
      for (const data of imagesOf(request)) images.set(imageKey(selection, data), true);
    },
  };
}

function keyOf({ providerId, providerType, baseUrl, model }: ModelSelection): string {
  return JSON.stringify([providerId, providerType, baseUrl, model.id]);
}

function imageKey(selection: ModelSelection, data: Uint8Array): string {
  return `${keyOf(selection)}${createHash('sha256').update(data).digest('base64')}`;
}
