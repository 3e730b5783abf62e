import { imageTypeOf } from './image-type.ts';

export interface Image {
  mediaType: string;
  data: Uint8Array;
}

export interface ImageRules {
  supportsImages: boolean;
  /** The provider refused this one, or any. */
  isRefused(data: Uint8Array): boolean;
}

const NOT_SEEN = '[image omitted: the model reads text only]';
const NOT_AN_IMAGE = '[image omitted: its bytes are no PNG, JPEG, GIF or WebP image]';
const REFUSED = '[image omitted: the provider refused it]';

/** The image as its bytes are, whatever it was called, or the words that stand in its place. */
export function usableImage(image: Image, rules: ImageRules): Image | string {
  if (!rules.supportsImages) return NOT_SEEN;
  const mediaType = imageTypeOf(image.data);
  if (mediaType === null) return NOT_AN_IMAGE;
  return rules.isRefused(image.data) ? REFUSED : { ...image, mediaType };
}
