import type { IncomingMessage } from 'node:http';
import type { PreviewTarget } from './layout.ts';
import { confinedCookie, withoutPass } from './pass-cookie.ts';

export type Headers = Partial<Record<string, string[]>>;

/** Of one connection (RFC 9110, 7.6.1); each side makes its own. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
];

/** What a client says of proxies; we are the only one that the page's server hears of. */
const PROXY_CLAIMS = /^(forwarded|via|x-real-ip|x-forwarded-.*)$/;

/** What would reach beyond the page. */
const REFUSED_OF_ANSWERS = new Set([
  'alt-svc',
  'clear-site-data',
  'nel',
  'public-key-pins',
  'report-to',
  'set-login',
  'strict-transport-security',
]);

/** In a path of the server itself, where the page must be a stranger to what else is there. */
const REFUSED_IN_A_PATH = new Set([
  'access-control-allow-credentials',
  'access-control-allow-origin',
  'origin-agent-cluster',
  'refresh',
  'referrer-policy',
  'service-worker-allowed',
  'set-cookie',
  'speculation-rules',
  'supports-loading-mode',
]);

/** Without `allow-same-origin` the page has an origin that is like no other. */
const SANDBOX =
  'sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-modals allow-downloads';

export interface Forwarding {
  target: PreviewTarget;
  /** The browser's network address. */
  address: string;
}

/** The request as the page's server gets it: as if it were asked on its own loopback, without a credential of ours. */
export function requestHeaders(request: IncomingMessage, { target, address }: Forwarding): Headers {
  const headers = forwardable(request.headersDistinct);
  for (const name of Object.keys(headers)) if (PROXY_CLAIMS.test(name)) delete headers[name];
  if (request.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = ['chunked'];
  const local = `localhost:${target.port}`;
  headers.host = [local];
  headers['x-forwarded-for'] = [address];
  headers['x-forwarded-host'] = [request.headers.host ?? ''];
  if (target.kind === 'own') {
    headers['x-forwarded-proto'] = [new URL(target.origin).protocol.slice(0, -1)];
    if (request.headers.origin === target.origin) headers.origin = [`http://${local}`];
    const cookies = withoutPass(request.headers.cookie ?? '');
    if (cookies === '') delete headers.cookie;
    else headers.cookie = [cookies];
  } else {
    headers['x-forwarded-prefix'] = [target.prefix];
    for (const name of ['authorization', 'cookie', 'origin', 'referer']) delete headers[name];
  }
  return headers;
}

/** The answer as the browser gets it. */
export function answerHeaders(answer: IncomingMessage, target: PreviewTarget): Headers {
  const headers = forwardable(answer.headersDistinct);
  for (const name of REFUSED_OF_ANSWERS) delete headers[name];
  const location = answer.headers.location;
  if (location !== undefined) headers.location = [ownLocation(location, target)];
  if (target.kind === 'own') {
    const cookies = (headers['set-cookie'] ?? []).flatMap((cookie) => confinedCookie(cookie) ?? []);
    if (cookies.length > 0) headers['set-cookie'] = cookies;
    else delete headers['set-cookie'];
    return headers;
  }
  for (const name of REFUSED_IN_A_PATH) delete headers[name];
  headers['content-security-policy'] = [...(headers['content-security-policy'] ?? []), SANDBOX];
  // The pass stands in the address. Scripts of such a page ask as a stranger, without credentials.
  headers['referrer-policy'] = ['no-referrer'];
  headers['access-control-allow-origin'] = ['*'];
  return headers;
}

function forwardable(distinct: Headers): Headers {
  const named = (distinct.connection ?? []).flatMap((value) =>
    value.split(',').map((token) => token.trim().toLowerCase()),
  );
  const left = new Set([...HOP_BY_HOP, ...named]);
  return Object.fromEntries(Object.entries(distinct).filter(([name]) => !left.has(name)));
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0']);

/** A redirect to the page's own server stays in the preview; one to elsewhere is the browser's business. */
function ownLocation(location: string, target: PreviewTarget): string {
  const prefix = target.kind === 'own' ? '' : target.prefix;
  if (/^\/(?!\/)/.test(location)) return `${prefix}${location}`;
  if (!URL.canParse(location)) return location;
  const { protocol, hostname, port, pathname, search, hash } = new URL(location);
  const isWeb = protocol === 'http:' || protocol === 'https:';
  const asked = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  if (!isWeb || !LOOPBACK.has(hostname) || asked !== target.port) return location;
  return `${target.kind === 'own' ? target.origin : prefix}${pathname}${search}${hash}`;
}
