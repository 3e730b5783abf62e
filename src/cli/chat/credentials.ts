import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { configError } from '#config/errors.ts';
import { fileProblem } from '#shared/file-problem.ts';
import { type ChatIo, type ChatOptions, parseServerUrl, parseSocketUrl, socketUrlOf } from './options.ts';

const DEFAULT_SERVER = 'http://127.0.0.1:8080';
const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]']);

const LocalAdmin = z.object({
  server: z.string(),
  ws: z.string().optional(),
  email: z.string(),
  password: z.string(),
});
type LocalAdmin = z.infer<typeof LocalAdmin>;

export interface Login {
  email: string;
  password: string;
}

/** Whom to talk to and as whom. */
export interface Target {
  server: URL;
  socket: URL;
  login: Login;
}

/** Asks a person; not available without a terminal. */
export interface Asker {
  line(question: string): Promise<string>;
  secret(question: string): Promise<string>;
}

/** Throws `FatalError` with exit code 2 when an address is wrong or no credentials can be had. */
export async function resolveTarget(
  options: ChatOptions,
  io: Pick<ChatIo, 'env'>,
  asker: Asker | null,
): Promise<Target> {
  const given = options.server === undefined ? null : parseServerUrl(options.server);
  const local = await readLocalAdmin(options.dataDir);
  const localServer = local ? parseServerUrl(local.server, 'local-admin.json') : null;
  const isLocal = localServer !== null && (given === null || isSameServer(given, localServer));
  // The stored spelling wins: `localhost` may resolve to an address on which someone else listens.
  const server = isLocal ? localServer : (given ?? parseServerUrl(DEFAULT_SERVER));
  const localSocket = isLocal && local?.ws ? parseSocketUrl(local.ws, 'local-admin.json') : null;
  const socket = options.wsUrl ? parseSocketUrl(options.wsUrl) : (localSocket ?? socketUrlOf(server));
  const usesLocal = isLocal && local && !options.register && (options.email ?? local.email) === local.email;
  const login = usesLocal
    ? { email: local.email, password: local.password }
    : await askLogin(options, { io, asker, server });
  return { server, socket, login };
}

async function askLogin(
  options: ChatOptions,
  where: { io: Pick<ChatIo, 'env'>; asker: Asker | null; server: URL },
): Promise<Login> {
  const { io, asker, server } = where;
  const email = options.email ?? (await asker?.line(`E-mail for ${server.host}: `))?.trim();
  if (!email) {
    const hint = options.server ? '' : 'start `crush serve`, or ';
    throw configError(`no credentials for ${server.origin}: ${hint}give --email and CRUSH_PASSWORD`);
  }
  const password = io.env.CRUSH_PASSWORD || (await asker?.secret(`Password of ${email}: `));
  if (!password) throw configError(`no password for ${email}: set CRUSH_PASSWORD`);
  return { email, password };
}

export function isSameServer(given: URL, stored: URL): boolean {
  if (given.pathname !== stored.pathname) return false;
  if (given.origin === stored.origin) return true;
  const bothLoopback = LOOPBACK_HOSTS.has(given.hostname) && LOOPBACK_HOSTS.has(stored.hostname);
  return bothLoopback && given.protocol === stored.protocol && given.port === stored.port;
}

/** A password must not cross a network in the clear unnoticed. */
export function isClearText(server: URL): boolean {
  return server.protocol === 'http:' && !LOOPBACK_HOSTS.has(server.hostname);
}

async function readLocalAdmin(dataDir: string): Promise<LocalAdmin | null> {
  const path = join(dataDir, 'local-admin.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw configError(`cannot read ${path}: ${fileProblem(error)}`);
  }
  try {
    return LocalAdmin.parse(JSON.parse(text));
  } catch {
    throw configError(`${path} is damaged: start \`crush serve\` again to have it written anew`);
  }
}
