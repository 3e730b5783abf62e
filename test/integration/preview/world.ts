import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { DomainError } from '#domain/errors.ts';
import type { PreviewGrant } from '#domain/preview/index.ts';
import type { Project } from '#domain/project/index.ts';
import type { Workspace, WorkspaceProvider } from '#domain/workspace/index.ts';
import { startHttpServer } from '#http/kit/listen.ts';
import { createPreviewAccess } from '#http/preview/access.ts';
import { createPreviewFront } from '#http/preview/front.ts';
import { createOwnOriginLayout, createPathLayout } from '#http/preview/layout.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { createPreviewSigner } from '../../../src/infra/auth/index.ts';
import { createMemoryBus } from '../../../src/infra/memory/index.ts';
import { until } from '../../harness/until.ts';
import { newProject } from '../postgres/records.ts';

export const APP_PORT = 5173;

/** What runs in the project: tells what it was asked, and misbehaves on demand. */
const APP = `
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';
let flood = 'none';
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://x');
  if (pathname === '/echo') { response.writeHead(200, { 'content-type': 'application/octet-stream' }); request.pipe(response); return; }
  if (pathname === '/never') return;
  if (pathname === '/flood') { const more = () => { while (response.write(Buffer.alloc(65536, 'x'))); }; response.on('drain', more); response.on('close', () => { flood = 'closed'; }); flood = 'open'; more(); return; }
  if (pathname === '/written') { response.end(flood); return; }
  if (pathname === '/cut') { response.writeHead(200, { 'content-length': '1000' }); response.write('half'); setTimeout(() => request.socket.destroy(), 50); return; }
  if (pathname === '/garbage') { request.socket.end('not http at all\\r\\n\\r\\n'); return; }
  if (pathname === '/redirect') { response.writeHead(302, { location: new URL(request.url, 'http://x').searchParams.get('to') }); response.end(); return; }
  if (pathname === '/wild') {
    response.writeHead(200, {
      'set-cookie': ['a=1; Domain=localhost; Path=/', '__Host-crush-preview=evil; Path=/; Secure', 'b=2'],
      'clear-site-data': '"*"', 'service-worker-allowed': '/', 'strict-transport-security': 'max-age=1',
      'access-control-allow-origin': 'null', 'access-control-allow-credentials': 'true', refresh: '0; url=/api',
      'content-security-policy': "default-src 'self'", connection: 'x-hop', 'x-hop': '1', 'x-kept': 'yes',
    });
    response.end('wild'); return;
  }
  let size = 0;
  request.on('data', (chunk) => { size += chunk.length; });
  request.on('end', () => { response.writeHead(200, { 'content-type': 'application/json' }); response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, raw: request.rawHeaders, size })); });
});
server.on('upgrade', (request, socket, head) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nupgrade: websocket\\r\\nconnection: Upgrade\\r\\nsec-websocket-accept: ' + accept + '\\r\\n\\r\\n');
  // Answers one short text.
  socket.on('data', (frame) => {
    if ((frame[0] & 15) !== 1) return;
    const text = frame.subarray(6, 6 + (frame[1] & 127)).map((byte, at) => byte ^ frame[2 + (at % 4)]);
    socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text]));
  });
  socket.on('error', () => {});
});
server.listen(${APP_PORT}, '127.0.0.1', () => console.log('listening'));
`;

export interface PreviewWorldOptions {
  subject: { provider: Pick<WorkspaceProvider, 'open'>; workspace: Workspace; root: string | null };
  layout: 'own' | 'path';
  maxPerUser?: number;
}

export interface Asked {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  complete: boolean;
}

/** A server with previews of one project in front of it. */
export async function createPreviewWorld({ subject, layout: kind, maxPerUser = 50 }: PreviewWorldOptions) {
  const bus = createMemoryBus();
  const userId = newId();
  const loginSessionId = newId();
  const project: Project = {
    ...newProject(userId),
    id: subject.workspace.projectId,
    workspaceRoot: subject.root,
  };
  const state: { allowed: boolean } = { allowed: true };
  let port = 0;
  const layout =
    kind === 'own'
      ? createOwnOriginLayout(() => new URL(`http://preview.localhost:${port}`))
      : createPathLayout();
  const signer = createPreviewSigner({ secret: 'a-secret-of-at-least-thirty-two-bytes' });
  const access = createPreviewAccess({
    async check(grant) {
      if (!state.allowed || grant.projectId !== project.id)
        throw new DomainError('unauthenticated', 'No more');
      return project;
    },
    bus,
    maxPerUser,
    clock: systemClock,
  });
  const front = createPreviewFront({
    layout,
    signer,
    access,
    workspaces: subject.provider,
    addressOf: () => '192.0.2.9',
    clock: systemClock,
    log: silentLog,
  });
  const server = await startHttpServer({
    app: { fetch: async () => new Response('the api') },
    host: '127.0.0.1',
    port: 0,
    drainTimeoutMs: 0,
    front,
  });
  port = server.port;

  function grant(more: Partial<PreviewGrant> = {}): PreviewGrant {
    const issuedAt = Date.now();
    return {
      projectId: project.id,
      port: APP_PORT,
      userId,
      loginSessionId,
      issuedAt,
      expiresAt: issuedAt + 60_000,
      ...more,
    };
  }
  const pass = (more: Partial<PreviewGrant> = {}) => signer.sign(grant(more), 'pass');
  const hostOf = (appPort: number | string = APP_PORT, id = project.id) =>
    `${id}-${appPort}.preview.localhost:${port}`;

  /** As a browser with a pass, unless headers or target say otherwise. */
  function target(path: string, appPort = APP_PORT): { path: string; headers: Record<string, string> } {
    const signed = pass({ port: appPort });
    if (kind === 'path') return { path: `/preview/${project.id}/${appPort}/~${signed}${path}`, headers: {} };
    return { path, headers: { host: hostOf(appPort), cookie: `__Host-crush-preview=${signed}` } };
  }

  function ask(
    path: string,
    options: {
      method?: string;
      headers?: Record<string, string>;
      body?: Buffer;
      bare?: boolean;
      appPort?: number;
      leaveAfter?: number;
    } = {},
  ): Promise<Asked> {
    const to = options.bare ? { path, headers: {} } : target(path, options.appPort);
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port,
          method: options.method ?? 'GET',
          path: to.path,
          headers: { ...to.headers, ...options.headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            chunks.push(chunk);
            size += chunk.length;
            if (options.leaveAfter !== undefined && size > options.leaveAfter) response.destroy();
          });
          response.on('error', () => {});
          response.on('close', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks),
              complete: response.complete,
            }),
          );
        },
      );
      request.on('error', reject);
      request.end(options.body);
    });
  }

  /** The whole answer to these bytes. */
  async function raw(bytes: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.write(bytes, 'latin1');
    await once(socket, 'close');
    return Buffer.concat(chunks).toString('latin1');
  }

  return {
    bus,
    state,
    userId,
    loginSessionId,
    project,
    signer,
    grant,
    pass,
    hostOf,
    target,
    ask,
    raw,
    port: () => port,
    async close() {
      access.close();
      await server.close();
      await bus.close();
    },
  };
}

export type PreviewWorld = Awaited<ReturnType<typeof createPreviewWorld>>;

/** Starts the app; it ends with the workspace. */
export async function startApp(workspace: Workspace): Promise<void> {
  await workspace.write('app.mjs', Buffer.from(APP));
  const process = await workspace.spawn({ argv: ['/bin/bash', '-c', 'exec node app.mjs'] });
  let output = '';
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  await until(() => output.includes('listening'), 'the app');
}
