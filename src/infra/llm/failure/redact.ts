import ipaddr from 'ipaddr.js';

const MIN_SECRET_LENGTH = 4;
const MASK = '[redacted]';
const CREDENTIALS: [RegExp, string][] = [
  [/\b(bearer|basic)\s+[^\s"',;]+/gi, `$1 ${MASK}`],
  [
    /\b(authorization|x-api-key|api[-_ ]?key|access[-_ ]?token)(["']?\s*[:=]\s*["']?)[^\s"',;]+/gi,
    `$1$2${MASK}`,
  ],
  [/\b(sk|pk|rk|gsk|xai|key)-[\w*.-]{6,}/g, MASK],
  [/\bAIza[\w-]{10,}/g, MASK],
];
const IPV4 = /\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?/g;

/** Takes keys, authorization values and addresses of private networks out of a provider's sentence. */
export function redact(text: string, apiKey: string | null): string {
  let clean = text;
  if (apiKey && apiKey.length >= MIN_SECRET_LENGTH) clean = clean.replaceAll(apiKey, MASK);
  for (const [pattern, mask] of CREDENTIALS) clean = clean.replace(pattern, mask);
  return clean.replace(IPV4, (found) => (isPrivate(found) ? '[address]' : found));
}

function isPrivate(found: string): boolean {
  const [host = ''] = found.split(':');
  return ipaddr.IPv4.isValidFourPartDecimal(host) && ipaddr.IPv4.parse(host).range() !== 'unicast';
}
