import { type ChildProcess, spawn } from 'node:child_process';
import { Server, Socket } from 'node:net';
import { WorkspaceError } from '#domain/workspace/index.ts';

/** How long a dial may take; a port of a loopback answers at once or never. */
const DIAL_TIMEOUT_MS = 5000;
/** An idle visitor is kept this long, so that a page with its parts needs one. */
const LINGER_MS = 10_000;

/** Runs inside. Sockets stay in the namespace where they were made, whoever holds them. */
const PROGRAM = `const net = require('node:net');
process.on('disconnect', () => process.exit());
const listen = (id, port) => {
  const server = net.createServer();
  server.on('error', (error) => process.send({ id, error: error.code }));
  server.listen({ host: '127.0.0.1', port, backlog: 128 }, () => process.send({ id }, server));
};
const dial = (id, port, [host, ...others]) => {
  const socket = net.connect({ host, port });
  socket.pause();
  socket.setTimeout(${DIAL_TIMEOUT_MS}, () => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
  socket.once('error', (error) => others.length > 0 ? dial(id, port, others) : process.send({ id, error: error.code }));
  socket.once('connect', () => { socket.setTimeout(0); socket.removeAllListeners('error'); socket.on('error', () => {}); process.send({ id }, socket); });
};
process.on('message', ({ id, verb, port }) => verb === 'listen' ? listen(id, port) : dial(id, port, ['127.0.0.1', '::1']));`;

type Handle = Server | Socket;
type Waiting = (answer: { handle: Handle } | { error: string }) => void;

/** Makes sockets in a network namespace that this process is not in. */
export interface Visitor {
  /** A listening socket on the namespace's 127.0.0.1. */
  listen(port: number): Promise<Server>;
  /** A connection to a port of the namespace's loopback. Rejects with `not_found` where nothing listens. */
  dial(port: number): Promise<Socket>;
  close(): void;
}

export interface VisitorDeps {
  nsenterPath: string;
  /** Arguments of nsenter(1). */
  enter: readonly string[];
  nodePath: string;
}

/** The process inside is started when it is needed, and ends by itself. */
export function createVisitor(deps: VisitorDeps): Visitor {
  let running: Inside | null = null;

  async function ask(verb: 'listen' | 'dial', port: number): Promise<Handle> {
    if (running === null || running.hasEnded()) running = startInside(deps);
    const answer = await running.ask(verb, port);
    if ('handle' in answer) return answer.handle;
    throw refusal(port, answer.error);
  }

  return {
    async listen(port) {
      const handle = await ask('listen', port);
      if (handle instanceof Server) return handle;
      throw refusal(port, 'no socket');
    },
    async dial(port) {
      const handle = await ask('dial', port);
      if (handle instanceof Socket) return handle;
      throw refusal(port, 'no socket');
    },
    close() {
      running?.end();
      running = null;
    },
  };
}

interface Inside {
  ask(verb: 'listen' | 'dial', port: number): Promise<Parameters<Waiting>[0]>;
  hasEnded(): boolean;
  end(): void;
}

function startInside({ nsenterPath, enter, nodePath }: VisitorDeps): Inside {
  const child: ChildProcess = spawn(nsenterPath, [...enter, '--', nodePath, '-e', PROGRAM], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {},
    cwd: '/',
  });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let linger: NodeJS.Timeout | undefined;
  let ended = false;

  function end(): void {
    if (ended) return;
    ended = true;
    clearTimeout(linger);
    if (child.connected) child.disconnect();
    child.kill('SIGKILL');
    for (const settle of waiting.values()) settle({ error: 'it ended' });
    waiting.clear();
  }

  function settle(id: number, answer: Parameters<Waiting>[0]): void {
    waiting.get(id)?.(answer);
    waiting.delete(id);
    if (waiting.size > 0 || ended) return;
    linger = setTimeout(end, LINGER_MS);
    linger.unref();
  }

  child.on('message', (message, handle) => {
    const { id, error } = message as { id: number; error?: string };
    if (handle instanceof Server || handle instanceof Socket) {
      if (waiting.has(id)) settle(id, { handle });
      else closeHandle(handle);
    } else settle(id, { error: error ?? 'no socket' });
  });
  child.once('error', end);
  child.once('exit', end);

  return {
    ask(verb, port) {
      clearTimeout(linger);
      lastId += 1;
      const id = lastId;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        child.send({ id, verb, port }, (error) => {
          if (error !== null) settle(id, { error: error.message });
        });
      });
    },
    hasEnded: () => ended,
    end,
  };
}

function closeHandle(handle: Handle): void {
  if (handle instanceof Server) handle.close();
  else handle.destroy();
}

function refusal(port: number, reason: string): WorkspaceError {
  const cause = new Error(reason);
  return reason === 'ECONNREFUSED' || reason === 'ETIMEDOUT'
    ? new WorkspaceError('not_found', `Nothing answers on port ${port} of the project.`, { cause })
    : new WorkspaceError('unavailable', `Port ${port} of the project could not be reached.`, { cause });
}
