import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { schemaState } from '../../../src/infra/postgres/index.ts';
import { createPostgresTestDatabase } from '../../harness/database.ts';
import { freePort, requireProgram, runsAsRoot, startServer, which } from '../../harness/process.ts';
import { newProject, newUser } from '../postgres/records.ts';

const GUIDE = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8');

function scratch(): string {
  const path = mkdtempSync(join(tmpdir(), 'crush-operations-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** What stands in the guide, which has to be there. */
function ofGuide(pattern: RegExp): string {
  const found = pattern.exec(GUIDE)?.[1];
  if (found === undefined) throw new Error(`docs/operations.md holds nothing like ${pattern}`);
  return found;
}

test('a backup as the guide makes it is restored as the guide restores it', async () => {
  requireProgram('pg_dump', 'postgresql-client', () => which('pg_dump'));
  const directory = scratch();
  const user = newUser();
  const project = newProject(user.id);
  const shell = (command: string, env: Record<string, string>) => {
    const { status, stderr } = spawnSync('sh', ['-ec', command], {
      cwd: directory,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    expect(`${status} ${stderr}`, command).toBe('0 ');
  };
  const source = await createPostgresTestDatabase(inject('postgresUrl'));
  try {
    await source.repositories.users.insert(user);
    await source.repositories.projects.insert(project);
    mkdirSync(join(directory, 'workspaces', 'p'), { recursive: true });
    writeFileSync(join(directory, 'workspaces', 'p', 'kept.txt'), 'kept');
    shell(ofGuide(/```sh\n(pg_dump[^`]*)```/).replaceAll('/var/lib/crush', directory), {
      DATABASE_URL: source.url,
    });
  } finally {
    await source.close();
  }
  rmSync(join(directory, 'workspaces'), { recursive: true });
  const restored = await createPostgresTestDatabase(inject('postgresUrl'), { empty: true });
  try {
    shell(ofGuide(/with `(pg_restore [^`]*)`/), { DATABASE_URL: restored.url });
    shell(ofGuide(/with `(tar [^`]*)`/).replaceAll('/var/lib/crush', directory), {});
    expect(await schemaState(restored)).toBe('current');
    expect(await restored.repositories.users.get(user.id)).toMatchObject({ email: user.email });
    expect(await restored.repositories.projects.get(project.id)).toEqual(project);
    expect(readFileSync(join(directory, 'workspaces', 'p', 'kept.txt'), 'utf8')).toBe('kept');
  } finally {
    await restored.close();
  }
});

test('nginx passes requests, uploads and sockets on as the guide configures it', async () => {
  const nginx = requireProgram('nginx', 'nginx-light', () => which('nginx'));
  const directory = scratch();
  const api = createServer(async (request, response) => {
    let bytes = 0;
    for await (const chunk of request) bytes += (chunk as Buffer).length;
    response.end(JSON.stringify({ path: request.url, bytes, from: request.headers['x-forwarded-for'] }));
  });
  const sockets = createServer();
  const gateway = new WebSocketServer({ server: sockets });
  gateway.on('connection', (socket, request: IncomingMessage) =>
    socket.send(`${request.url} from ${request.headers['x-forwarded-for']}`),
  );
  const ports = await Promise.all([api, sockets].map(listen));
  const port = await freePort();
  const locations = ofGuide(/nginx:\n\n```\n([^`]*)```/)
    .replace(':8080', `:${ports[0]}`)
    .replace(':8081', `:${ports[1]}`);
  const file = join(directory, 'nginx.conf');
  writeFileSync(file, configurationOf({ directory, port, locations }));
  const server = await startServer([nginx, '-c', file, '-e', 'stderr'], {
    signal: 'SIGTERM',
    isReady: (output) => output.includes('start worker process'),
  });
  onTestFinished(async () => {
    await server.stop();
    gateway.close();
    for (const http of [api, sockets]) http.close();
  });
  const answer = await fetch(`http://127.0.0.1:${port}/api/upload`, {
    method: 'POST',
    body: Buffer.alloc(20 * 1024 * 1024),
  });
  expect(await answer.json()).toEqual({ path: '/api/upload', bytes: 20 * 1024 * 1024, from: '127.0.0.1' });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws?session_id=s`);
  const [message] = (await once(socket, 'message')) as [Buffer];
  expect(message.toString()).toBe('/ws?session_id=s from 127.0.0.1');
  socket.close();
  await once(socket, 'close');
});

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

function configurationOf(given: { directory: string; port: number; locations: string }): string {
  const { directory, port, locations } = given;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`)
    .join(' ');
  // Its workers write into the directory of this test.
  const user = runsAsRoot() ? 'user root; ' : '';
  return `${user}daemon off; pid ${directory}/pid; error_log stderr notice; events {}
http { access_log off; ${temporary} server { listen 127.0.0.1:${port};\n${locations}} }`;
}
