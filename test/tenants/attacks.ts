import { WebSocket } from 'ws';
import { newProject, newSession, request, type Target, type Tenant } from './tenant.ts';

/** How often each answer came: statuses, or words for what has none. */
export type Counts = Record<string, number>;

export interface Attacker {
  target: Target;
  tenant: Tenant;
  /** Accounts of others. */
  victims: readonly { email: string }[];
  /** A server that takes connections and says nothing. */
  silentOrigin: string;
  /** The attack ends with it. */
  signal: AbortSignal;
}

export type Attack = (attacker: Attacker) => Promise<Counts>;

const SESSIONS = 14;
const BIG_PROMPT_CHARS = 1_000_000;

/** What a hostile tenant does, by name. Terminals and previews belong here once they exist. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  'endless turns': (attacker) => prompts(attacker, 'endless! go', { sessions: SESSIONS }),
  'queue flood': (attacker) => prompts(attacker, 'endless! go', { sessions: 12, atOnce: 4, each: 4 }),
  'silent clones': (attacker) =>
    repeat(attacker, 8, ({ tenant, silentOrigin, signal }) =>
      tenant
        .call('POST', '/api/projects', { name: 'c', git_url: `${silentOrigin}/a/b.git` }, signal)
        .then(({ status }) => status),
    ),
  registrations: (attacker) =>
    repeat(attacker, 20, async ({ target, signal }, n) => {
      const username = `flood${process.pid}x${n}`;
      const body = { username, email: `${username}@example.com`, password: 'a long password 1' };
      // Eight networks, each with ever new addresses of its /64.
      const address = `2001:db8:0:${n % 8}::${(n % 60_000).toString(16)}`;
      const sent = { method: 'POST', path: '/api/auth/register', address, body, signal };
      return (await request(target, sent)).status;
    }),
  'login guesses': (attacker) =>
    repeat(attacker, 20, async ({ target, victims, signal }, n) => {
      const email = victims[n % victims.length]?.email ?? '';
      const body = { email, password: `guess number ${n}` };
      const address = `203.0.113.${n % 250}`;
      const sent = { method: 'POST', path: '/api/auth/login', address, body, signal };
      return (await request(target, sent)).status;
    }),
  sockets: (attacker) => sockets(attacker, 60),
  'big prompts': (attacker) =>
    prompts(attacker, `endless! ${'x'.repeat(BIG_PROMPT_CHARS)}`, { sessions: 6, each: 10 }),
  'many calls': (attacker) => prompts(attacker, 'manycalls! go', { sessions: SESSIONS, each: 2 }),
  'huge arguments': (attacker) => prompts(attacker, 'hugeargs! go', { sessions: SESSIONS, each: 2 }),
  'long lines': (attacker) => prompts(attacker, 'longlines! go', { sessions: 6, each: 2 }),
  jobs: (attacker) => prompts(attacker, 'manycommands! go', { sessions: SESSIONS }),
  'process bomb': (attacker) => prompts(attacker, 'processes! go', { sessions: 6 }),
  'memory bomb': (attacker) => prompts(attacker, 'memory! go', { sessions: 6 }),
  'disk bomb': (attacker) => prompts(attacker, 'disk! go', { sessions: 4 }),
  'inode bomb': (attacker) => prompts(attacker, 'inodes! go', { sessions: 4 }),
  'output flood': (attacker) => prompts(attacker, 'output! go', { sessions: 6 }),
  patterns: (attacker) => prompts(attacker, 'patterns! go', { sessions: 6, each: 3, tree: true }),
};

/** Prompts in many sessions of two projects; what was accepted is cancelled at the end. */
async function prompts(
  attacker: Attacker,
  content: string,
  {
    sessions,
    each = 1,
    atOnce = 1,
    tree = false,
  }: { sessions: number; each?: number; atOnce?: number; tree?: boolean },
): Promise<Counts> {
  const { tenant, signal } = attacker;
  const projects = [await newProject(tenant), await newProject(tenant)];
  const counts: Counts = {};
  const made: string[] = [];
  for (let at = 0; at < sessions && !signal.aborted; at += 1) {
    made.push(await newSession(tenant, projects[at % 2] ?? '', 'storm'));
  }
  const left = made.flatMap((id) => Array.from({ length: each }, () => id));
  const send = async () => {
    for (let id = left.shift(); id !== undefined && !signal.aborted; id = left.shift()) {
      const { status } = await tenant.call('POST', `/api/sessions/${id}/messages`, { content });
      count(counts, status);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, send));
  while (tree && !signal.aborted) {
    const path = `/api/files?project_id=${projects[0]}`;
    count(
      counts,
      (await tenant.call('GET', path, undefined, signal).catch(() => ({ status: 'left' }))).status,
    );
  }
  await aborted(signal);
  for (const id of made) await tenant.call('DELETE', `/api/sessions/${id}`).catch(() => {});
  return counts;
}

async function sockets({ target, tenant, signal }: Attacker, wanted: number): Promise<Counts> {
  const counts: Counts = {};
  const open: WebSocket[] = [];
  for (let n = 0; n < wanted; n += 1) {
    const headers = { authorization: `Bearer ${tenant.token}`, 'x-forwarded-for': tenant.address };
    const socket = new WebSocket(target.ws, { headers });
    open.push(socket);
    socket.on('error', () => {});
    count(
      counts,
      await new Promise<string | number>((resolve) => {
        socket.once('open', () => resolve('open'));
        socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode ?? 0));
        socket.once('close', () => resolve('closed'));
      }),
    );
  }
  const noise = setInterval(() => {
    for (const socket of open) {
      if (socket.readyState === WebSocket.OPEN)
        for (let n = 0; n < 20; n += 1) socket.send('{"type":"ping"}');
    }
  }, 250);
  await aborted(signal);
  clearInterval(noise);
  for (const socket of open) socket.terminate();
  return counts;
}

async function repeat(
  attacker: Attacker,
  atOnce: number,
  once: (attacker: Attacker, n: number) => Promise<number>,
): Promise<Counts> {
  const counts: Counts = {};
  let n = 0;
  const loop = async () => {
    while (!attacker.signal.aborted) {
      n += 1;
      const status = await once(attacker, n).catch(() => 'failed');
      if (!attacker.signal.aborted) count(counts, status);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  return counts;
}

function count(counts: Counts, what: string | number): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
