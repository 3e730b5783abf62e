import { configError } from '#config/errors.ts';
import type { Environment } from '#config/paths.ts';

/** Where a chat reads and writes; `isTTY` when both ends are a person's terminal. */
export interface ChatIo {
  stdin: NodeJS.ReadableStream;
  stdout: NodeJS.WritableStream & { columns?: number };
  stderr: NodeJS.WritableStream;
  isTTY: boolean;
  env: Environment;
  /** Calls back at each SIGINT until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
}

export interface ChatOptions {
  server?: string;
  wsUrl?: string;
  project?: string;
  session?: string;
  email?: string;
  /** Name of an account to create before the login. */
  register?: string;
  /** Allow what the agent asks for, in non-interactive use. */
  yes?: boolean;
  /** Absolute; where `local-admin.json` is looked for. */
  dataDir: string;
  prompt: readonly string[];
}

/** An http(s) origin with an optional path prefix, without a slash at the end. Throws `FatalError`. */
export function parseServerUrl(text: string, flag = '--server'): URL {
  const url = parseUrl(text, flag);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw configError(`${flag}: ${text} is not an http or https URL`);
  }
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

/** The address of `/ws`. Throws `FatalError`. */
export function parseSocketUrl(text: string, flag = '--ws-url'): URL {
  const url = parseUrl(text, flag);
  const protocol = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' }[url.protocol];
  if (!protocol) throw configError(`${flag}: ${text} is not a ws or wss URL`);
  const socket = new URL(`${protocol}//${url.host}${url.pathname}`);
  if (socket.pathname === '/') socket.pathname = '/ws';
  return socket;
}

/** One origin serves both when nothing else is said. */
export function socketUrlOf(server: URL): URL {
  const path = `${server.pathname.replace(/\/+$/, '')}/ws`;
  return new URL(`${server.protocol === 'https:' ? 'wss:' : 'ws:'}//${server.host}${path}`);
}

function parseUrl(text: string, flag: string): URL {
  if (!/^[a-z]+:\/\//i.test(text) || !URL.canParse(text)) {
    throw configError(`${flag}: ${text} is not a URL such as http://127.0.0.1:8080`);
  }
  const url = new URL(text);
  if (url.username || url.password) throw configError(`${flag}: put no user or password into the URL`);
  if (url.search || url.hash) throw configError(`${flag}: the URL takes no query and no fragment`);
  return url;
}

const STDIN_ARGUMENT = '-';
const MAX_STDIN_BYTES = 1024 * 1024;

/**
 * The one prompt of a non-interactive run; null in an interactive one. Standard input is read only when there
 * are no arguments or one of them is `-`, so that a run with arguments cannot hang on an open pipe.
 */
export async function readPrompt(
  prompt: readonly string[],
  io: Pick<ChatIo, 'stdin' | 'isTTY'>,
): Promise<string | null> {
  if (prompt.length === 0 && io.isTTY) return null;
  const words = prompt.filter((word) => word !== STDIN_ARGUMENT).join(' ');
  const wantsStdin = prompt.length === 0 || prompt.includes(STDIN_ARGUMENT);
  const input = wantsStdin ? await readAll(io.stdin) : '';
  const text = [words, input.trim()].filter((part) => part !== '').join('\n\n');
  if (text.trim() === '') throw configError('there is no prompt: give it as arguments or on standard input');
  return text;
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_STDIN_BYTES) throw configError('the prompt on standard input is larger than 1 MiB');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
