import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface GitServer {
  origin: string;
  /** Path and query of what was asked for. */
  requests: string[];
  /** A working tree with a first commit on `main`, served as `/<name>`. */
  create(name: string, files: Record<string, string>, links?: Record<string, string>): string;
  /** Runs git in a repository; returns what it prints. */
  git(name: string, ...args: string[]): string;
  close(): Promise<void>;
}

const BACKEND = '/usr/lib/git-core/git-http-backend';
const AUTHOR = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];

/**
 * git's own HTTP server, with some odd neighbours: `/v0/*` hides that the client knows the newer protocol,
 * `/moved/*` redirects to the place without it, `/away?url` to any URL, `/silent/*` never answers.
 */
export async function startGitServer(): Promise<GitServer> {
  const root = mkdtempSync(join(tmpdir(), 'crush-git-server-'));
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    requests.push(url);
    if (url.startsWith('/silent/')) return;
    if (url.startsWith('/moved/')) return redirect(response, url.slice('/moved'.length));
    if (url.startsWith('/away/')) {
      return redirect(response, decodeURIComponent(url.slice('/away/'.length).split('/')[0] ?? ''));
    }
    if (url.startsWith('/endless/')) return void answerEndlessly(request, response);
    const old = url.startsWith('/v0/');
    runBackend(root, { request, response, url: old ? url.slice('/v0'.length) : url, old });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const git = (name: string, ...args: string[]) =>
    execFileSync('git', [...AUTHOR, '-C', join(root, name), ...args], { encoding: 'utf8' });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    git,
    create(name, files, links = {}) {
      const directory = join(root, name);
      execFileSync('git', ['init', '-q', '-b', 'main', directory]);
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(directory, path)), { recursive: true });
        writeFileSync(join(directory, path), text);
      }
      for (const [path, target] of Object.entries(links)) symlinkSync(target, join(directory, path));
      git(name, 'add', '-A');
      git(name, 'commit', '-q', '-m', 'first');
      return directory;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}

interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  url: string;
  old: boolean;
}

function runBackend(root: string, { request, response, url, old }: Call): void {
  const [path = '', query = ''] = url.split('?');
  const child = spawn(BACKEND, [], {
    env: {
      PATH: '/usr/bin:/bin',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      GIT_PROTOCOL: old ? '' : String(request.headers['git-protocol'] ?? ''),
    },
  });
  request.pipe(child.stdin);
  child.stdin.on('error', () => {});
  response.on('close', () => child.kill());
  let head = Buffer.alloc(0);
  child.stdout.on('data', function onHead(chunk: Buffer) {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    child.stdout.off('data', onHead);
    const headers = Object.fromEntries(
      head
        .toString('latin1', 0, end)
        .split('\r\n')
        .map((line) => line.split(': ', 2)),
    );
    const status = Number.parseInt(headers.Status ?? '200', 10);
    delete headers.Status;
    response.writeHead(status, headers);
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response);
  });
}

const line = (text: string) => `${(text.length + 5).toString(16).padStart(4, '0')}${text}\n`;

/** A listing with one branch, then a pack that never ends. */
async function answerEndlessly(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = (await request.toArray()).join('');
  if (request.method === 'GET') {
    response.end(`${line('version 2')}${line('ls-refs')}${line('fetch=shallow')}0000`);
    return;
  }
  if (body.includes('command=ls-refs')) {
    response.end(`${line(`${'a'.repeat(40)} HEAD symref-target:refs/heads/main`)}0000`);
    return;
  }
  response.write(line('packfile'));
  const piece = Buffer.concat([Buffer.from('fff0\x01'), Buffer.alloc(0xfff0 - 5, 'PACK')]);
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
}
