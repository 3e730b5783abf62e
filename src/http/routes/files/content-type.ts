import { create } from 'content-disposition';

const PLAIN = 'text/plain; charset=utf-8';

/** Shown as text whatever a browser would do with it: a script that is served as text does not run. */
const TEXTS =
  'c cc cfg conf cpp cs css csv diff env gitignore go gradle h hpp ini java js jsx kt less lock log lua md mjs ' +
  'patch php pl properties py rb rs sass scala scss sh sql swift toml ts tsx txt vue xml yaml yml';

const TYPES: ReadonlyMap<string, string> = new Map([
  ...TEXTS.split(' ').map((extension): [string, string] => [extension, PLAIN]),
  ['json', 'application/json'],
  ['pdf', 'application/pdf'],
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
  ['avif', 'image/avif'],
  ['bmp', 'image/bmp'],
  ['ico', 'image/x-icon'],
  ['svg', 'image/svg+xml'],
  ['htm', 'text/html; charset=utf-8'],
  ['html', 'text/html; charset=utf-8'],
  ['mp3', 'audio/mpeg'],
  ['ogg', 'audio/ogg'],
  ['wav', 'audio/wav'],
  ['mp4', 'video/mp4'],
  ['webm', 'video/webm'],
  ['woff', 'font/woff'],
  ['woff2', 'font/woff2'],
]);

const UNKNOWN = 'application/octet-stream';
/** A browser that is led to these would run what is in them. */
const ACTIVE: ReadonlySet<string> = new Set(['image/svg+xml', 'text/html; charset=utf-8', 'application/pdf']);

/** A file's bytes come from whoever wrote them: never sniffed, never run, never with this origin's rights. */
export function fileHeaders(name: string): Record<string, string> {
  const type = TYPES.get(/\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? '') ?? UNKNOWN;
  const inline = type !== UNKNOWN && !ACTIVE.has(type);
  return {
    'content-type': type,
    'content-disposition': create(visible(name), { type: inline ? 'inline' : 'attachment' }),
    'content-security-policy': "default-src 'none'; sandbox; base-uri 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
  };
}

/** What cannot be seen in a name must not be able to disguise it. */
function visible(name: string): string {
  return name.toWellFormed().replace(/[\p{Cc}\p{Cf}]/gu, '_');
}
