import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { DomainError } from '#domain/errors.ts';
import {
  type GrantUse,
  PASS_LIFE_MS,
  type PreviewGrant,
  type PreviewSigner,
  previewLabel,
} from '#domain/preview/index.ts';
import type { Project } from '#domain/project/index.ts';
import { WorkspaceError, type WorkspaceProvider } from '#domain/workspace/index.ts';
import type { Clock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import type { Log } from '#shared/log.ts';
import { internalErrorReply, toErrorReply } from '../kit/errors.ts';
import type { Front } from '../kit/front.ts';
import type { PreviewAccess } from './access.ts';
import { exchange, tunnel } from './exchange.ts';
import { type NamedTarget, type PreviewLayout, type PreviewTarget, TICKET_PATH } from './layout.ts';
import { passCookie, readPass } from './pass-cookie.ts';

export interface PreviewFrontDeps {
  layout: PreviewLayout;
  signer: PreviewSigner;
  access: PreviewAccess;
  workspaces: Pick<WorkspaceProvider, 'open'>;
  addressOf(request: IncomingMessage): string;
  clock: Clock;
  log: Log;
}

type Located = PreviewTarget | NamedTarget;
type OnOwnOrigin = Extract<Located, { kind: 'own' }>;

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const NOT_OPENED = 'Open this preview from Crush: its address holds for one login';
const MAX_USED_TICKETS = 10_000;

/** Shows what listens inside of projects to those who may see it. Takes requests before the API does. */
export function createPreviewFront(deps: PreviewFrontDeps): Front {
  const { layout, signer, access, clock, log } = deps;
  const usedTickets = new Set<string>();

  function targetOf(request: IncomingMessage): Located {
    const target = layout.locate(request);
    if (target === null || target === 'unknown')
      throw new DomainError('not_found', 'There is no such preview');
    return target;
  }

  /** Null for a grant of another preview. */
  function grantOf(target: Located, signed: string | null, use: GrantUse): PreviewGrant | null {
    const grant = signed === null ? null : signer.verify(signed, use, clock.now());
    if (grant === null || 'label' in target) return grant;
    return grant.projectId === target.projectId && grant.port === target.port ? grant : null;
  }

  /** Whose the name of a host is may change at any time. */
  async function admitted(target: Located, grant: PreviewGrant): Promise<Project> {
    const project = await access.admit(grant);
    if (!('label' in target) || previewLabel(project, grant.port) === target.label) return project;
    const now = await access.admit(grant, 'fresh');
    if (previewLabel(now, grant.port) === target.label) return now;
    throw new DomainError('unauthenticated', NOT_OPENED);
  }

  /** A page of another site must not act in the name of whoever looks at this one. */
  function refuseStrangers(request: IncomingMessage, target: Located, isUpgrade: boolean): void {
    const { origin } = request.headers;
    if (target.kind === 'path') {
      const isWorker = request.headers['service-worker'] !== undefined;
      if (isWorker) throw new DomainError('forbidden', 'A preview here cannot have a service worker');
      return;
    }
    if (origin === undefined || origin === target.origin) return;
    if (isUpgrade || !SAFE_METHODS.has(request.method ?? '')) {
      throw new DomainError('forbidden', 'This origin is not allowed');
    }
  }

  /** A ticket becomes a pass, once. */
  async function takeTicket(target: OnOwnOrigin, response: ServerResponse): Promise<void> {
    const ticket = target.path.slice(TICKET_PATH.length);
    const grant = grantOf(target, ticket, 'ticket');
    if (grant === null || usedTickets.has(ticket)) {
      throw new DomainError(
        'unauthenticated',
        'This address has been used or has expired; open it from Crush again',
      );
    }
    usedTickets.add(ticket);
    for (const oldest of usedTickets) if (usedTickets.size > MAX_USED_TICKETS) usedTickets.delete(oldest);
    await admitted(target, grant);
    const pass = signer.sign({ ...grant, expiresAt: clock.now() + PASS_LIFE_MS }, 'pass');
    response.writeHead(303, {
      location: '/',
      'set-cookie': passCookie(pass, { isSecure: target.isSecure, maxAgeMs: PASS_LIFE_MS }),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    response.end();
  }

  async function connect(project: Project, port: number): Promise<Duplex> {
    try {
      const workspace = await deps.workspaces.open(project.id, project.workspaceRoot);
      return await workspace.connect(port);
    } catch (error) {
      if (!(error instanceof WorkspaceError)) throw error;
      throw error.code === 'not_found'
        ? new DomainError('unavailable', `Nothing listens on port ${port} in this project`, { cause: error })
        : new DomainError('unavailable', 'The workspace does not answer, try again later', { cause: error });
    }
  }

  async function forward(
    located: Located,
    pass: string | null,
    peer: { end(): void; whenGone(listener: () => void): void },
    run: (connection: Duplex, target: PreviewTarget) => Promise<void>,
  ): Promise<void> {
    const grant = grantOf(located, pass, 'pass');
    if (grant === null) throw new DomainError('unauthenticated', NOT_OPENED);
    const project = await admitted(located, grant);
    const target = { ...located, projectId: grant.projectId, port: grant.port };
    let connection: Duplex | null = null;
    const finish = access.track(grant, () => {
      connection?.destroy();
      peer.end();
    });
    try {
      connection = await connect(project, target.port);
      const opened = connection;
      opened.on('error', () => {});
      peer.whenGone(() => opened.destroy());
      await run(opened, target);
    } finally {
      connection?.destroy();
      finish();
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = targetOf(request);
    if (target.kind === 'own' && target.path.startsWith(TICKET_PATH)) return takeTicket(target, response);
    refuseStrangers(request, target, false);
    if (target.kind === 'path' && target.path === '') {
      response.writeHead(308, { location: `${target.prefix}/` }).end();
      return;
    }
    const address = deps.addressOf(request);
    const pass = target.kind === 'own' ? readPass(request.headers.cookie) : target.pass;
    const peer = {
      end: () => void response.destroy(),
      whenGone: (listener: () => void) => void response.once('close', listener),
    };
    await forward(target, pass, peer, (connection, found) =>
      exchange(connection, request, response, { target: found, address }),
    );
  }

  async function join(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const target = targetOf(request);
    if (request.method !== 'GET' || request.headers.upgrade?.toLowerCase() !== 'websocket') {
      throw new DomainError('invalid_input', 'Only WebSockets are taken here');
    }
    refuseStrangers(request, target, true);
    const address = deps.addressOf(request);
    const pass = target.kind === 'own' ? readPass(request.headers.cookie) : target.pass;
    const peer = {
      end: () => void stream.destroy(),
      whenGone: (listener: () => void) => void stream.once('close', listener),
    };
    await forward(target, pass, peer, (connection, found) =>
      tunnel(connection, request, { stream, head }, { target: found, address }),
    );
  }

  /** In words: people read it in a frame. */
  function refusal(error: unknown): { status: number; headers: Record<string, string>; text: string } {
    const requestId = newId();
    const known = toErrorReply(error, requestId);
    if (!known) log.error({ err: error, request_id: requestId }, 'preview failed');
    const { status, body } = known ?? internalErrorReply(requestId);
    const text = `${(body as { error: string }).error}\n`;
    return {
      status: status === 503 ? 502 : status,
      text,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-length': String(Buffer.byteLength(text)),
        'content-security-policy': "default-src 'none'; sandbox",
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'x-request-id': requestId,
      },
    };
  }

  return {
    owns: (request) => layout.locate(request) !== null,
    request(request, response) {
      answer(request, response).catch((error: unknown) => {
        request.resume();
        if (response.headersSent || response.destroyed) {
          response.destroy();
          return;
        }
        const { status, headers, text } = refusal(error);
        response.writeHead(status, headers).end(text);
      });
    },
    upgrade(request, stream, head) {
      stream.on('error', () => {});
      join(request, stream, head).then(
        () => stream.destroy(),
        (error: unknown) => {
          if (stream.destroyed) return;
          const { status, headers, text } = refusal(error);
          const lines = Object.entries({ ...headers, connection: 'close' }).map(
            ([name, value]) => `${name}: ${value}\r\n`,
          );
          stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${text}`, () =>
            stream.destroy(),
          );
        },
      );
    },
  };
}
