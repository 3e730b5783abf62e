export function boundText(text: string, maxBytes: number): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  const kept = cutBytes(text, maxBytes);
  return `${kept}\n[Cut here: ${bytes - Buffer.byteLength(kept)} bytes more.]`;
}

/** Of at most three bytes per unit, so that the cut is near the limit after few halvings. */
function cutBytes(text: string, maxBytes: number): string {
  let kept = text.slice(0, maxBytes);
  while (Buffer.byteLength(kept) > maxBytes) {
    kept = kept.slice(0, Math.floor((kept.length * maxBytes) / Buffer.byteLength(kept)));
  }
  return /[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept;
}

/** As it is, if its JSON is short enough; else with its long texts cut, and with `truncated`. */
export function boundObject(
  value: Record<string, unknown>,
  maxBytes: number,
): { value: Record<string, unknown>; json: string } {
  const json = JSON.stringify(value);
  if (Buffer.byteLength(json) <= maxBytes) return { value, json };
  for (let length = Math.floor(maxBytes / 8); length >= 32; length = Math.floor(length / 4)) {
    const cut = JSON.stringify({ ...value, truncated: true }, (_, inner: unknown) => cutTexts(inner, length));
    if (Buffer.byteLength(cut) <= maxBytes) return { value: JSON.parse(cut), json: cut };
  }
  return { value: { truncated: true }, json: '{"truncated":true}' };
}

function cutTexts(value: unknown, length: number): unknown {
  if (typeof value !== 'string' || value.length <= length) return value;
  return `${value.slice(0, length).toWellFormed()}…`;
}
