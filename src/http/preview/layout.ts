import type { IncomingMessage } from 'node:http';
import type { PreviewAddresses, PreviewGrant } from '#domain/preview/index.ts';
import { subdomainFault } from '#domain/project/index.ts';

type Place = Pick<PreviewGrant, 'projectId' | 'port'>;

interface OnOwnOrigin {
  kind: 'own';
  origin: string;
  isSecure: boolean;
  path: string;
}

interface OnPath {
  kind: 'path';
  pass: string;
  prefix: string;
  path: string;
}

export type PreviewTarget = Place & (OnOwnOrigin | OnPath);

/** A host with a name: whoever has a grant for what is called so gets there. */
export type NamedTarget = OnOwnOrigin & { label: string };

/** Which requests are for previews, and for which. */
export interface PreviewLayout extends PreviewAddresses {
  /** Null: not for a preview. `unknown`: for one that cannot be. */
  locate(request: Pick<IncomingMessage, 'url' | 'headers'>): PreviewTarget | NamedTarget | 'unknown' | null;
}

/** Where an own origin takes a ticket. */
export const TICKET_PATH = '/.well-known/crush-preview/';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const LABEL = new RegExp(`^(${UUID})-([1-9][0-9]{0,4})$`);
const PATH = new RegExp(`^(/preview/(${UUID})/([1-9][0-9]{0,4})/~([A-Za-z0-9_.-]{1,1024}))(/.*)?$`, 's');
const MAX_PORT = 65_535;

/** Each preview has a host below the base's. The base is asked when it is needed: its port may be any free one. */
export function createOwnOriginLayout(base: () => URL): PreviewLayout {
  return {
    use: 'ticket',
    urlOf({ projectId, port, label }, signed) {
      const { protocol, host } = base();
      return `${protocol}//${label ?? `${projectId}-${port}`}.${host}${TICKET_PATH}${signed}`;
    },
    locate({ url = '', headers }) {
      const { protocol, hostname, host } = base();
      const asked = hostnameOf(headers.host);
      if (asked === null || !asked.endsWith(`.${hostname}`)) return null;
      const label = asked.slice(0, -hostname.length - 1);
      const [, projectId, digits] = LABEL.exec(label) ?? [];
      const port = Number(digits);
      if (!url.startsWith('/')) return 'unknown';
      const own: OnOwnOrigin = {
        kind: 'own',
        origin: `${protocol}//${label}.${host}`,
        isSecure: isSecureContext(protocol, hostname),
        path: url,
      };
      if (projectId === undefined) return subdomainFault(label) === null ? { ...own, label } : 'unknown';
      return port > MAX_PORT ? 'unknown' : { ...own, projectId, port };
    },
  };
}

/** Previews are sandboxed paths of the server itself; the pass stands in the path, since no cookie reaches them. */
export function createPathLayout(): PreviewLayout {
  return {
    use: 'pass',
    urlOf: ({ projectId, port }, signed) => `/preview/${projectId}/${port}/~${signed}/`,
    locate({ url = '' }) {
      if (!url.startsWith('/preview/')) return null;
      const [, prefix = '', projectId = '', digits, pass = '', path = ''] = PATH.exec(url) ?? [];
      const port = Number(digits);
      if (prefix === '' || port > MAX_PORT) return 'unknown';
      return { kind: 'path', projectId, port, pass, prefix, path };
    },
  };
}

function hostnameOf(host: string | undefined): string | null {
  return host === undefined ? null : host.toLowerCase().replace(/:[0-9]+$/, '');
}

/** Browsers take cookies for secure places only from these. */
function isSecureContext(protocol: string, hostname: string): boolean {
  return protocol === 'https:' || hostname === 'localhost' || hostname.endsWith('.localhost');
}
