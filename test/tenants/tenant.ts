import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';

/** Where a deployment is reached. */
export interface Target {
  http: string;
  ws: string;
}

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at freely in tests
  json: any;
}

/** Somebody with an account and a network of their own (the deployment trusts this machine as a proxy). */
export interface Tenant {
  token: string;
  email: string;
  password: string;
  address: string;
  call(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Answer>;
}

export async function request(
  target: Target,
  {
    method,
    path,
    body,
    ...given
  }: {
    method: string;
    path: string;
    address: string;
    body?: object;
    token?: string;
    signal?: AbortSignal;
  },
): Promise<Answer> {
  const response = await fetch(`${target.http}${path}`, {
    method,
    headers: {
      'x-forwarded-for': given.address,
      ...(given.token === undefined ? {} : { authorization: `Bearer ${given.token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: given.signal,
  });
  const text = await response.text();
  return {
    status: response.status,
    json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
  };
}

/** Throws unless the account is made. */
export async function registerTenant(target: Target, address: string): Promise<Tenant> {
  const username = `t${randomBytes(6).toString('hex')}`;
  const credentials = { email: `${username}@example.com`, password: `pass-${username}-word` };
  const body = { username, ...credentials };
  const { status, json } = await request(target, {
    method: 'POST',
    path: '/api/auth/register',
    address,
    body,
  });
  if (status !== 200) throw new Error(`registration answered ${status}: ${JSON.stringify(json)}`);
  const token: string = json.token;
  return {
    token,
    address,
    ...credentials,
    call: (method, path, sent, signal) =>
      request(target, { method, path, address, token, body: sent, signal }),
  };
}

export async function newProject(tenant: Tenant): Promise<string> {
  return idOf(await tenant.call('POST', '/api/projects', { name: 'p' }));
}

/** `provider`: a model of the operator's; the default one when absent. */
export async function newSession(tenant: Tenant, projectId: string, provider?: string): Promise<string> {
  const model = provider === undefined ? { is_auto: true } : { model_config: { provider, model: 'm' } };
  return idOf(await tenant.call('POST', '/api/sessions', { project_id: projectId, title: 's', ...model }));
}

function idOf({ status, json }: Answer): string {
  if (status === 200) return json.id;
  throw new Error(`answered ${status}: ${JSON.stringify(json)}`);
}

/** One socket on one session. */
export interface Conversation {
  /** Sends a prompt and waits for its end; milliseconds. Rejects for an end that is no success. */
  turn(content: string, limitMs?: number): Promise<number>;
  close(): void;
}

export async function converse(target: Target, tenant: Tenant, sessionId: string): Promise<Conversation> {
  const socket = new WebSocket(`${target.ws}?session_id=${sessionId}`, {
    headers: { authorization: `Bearer ${tenant.token}`, 'x-forwarded-for': tenant.address },
  });
  const ends: Array<(frame: { status: string; error?: string }) => void> = [];
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data));
    if (frame.Type === 'generation_complete') ends.shift()?.(frame);
    if (frame.Type === 'error') ends.shift()?.({ status: 'refused', error: frame.error });
  });
  socket.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_, { statusCode }) =>
      reject(new Error(`refused with ${statusCode}`)),
    );
  });
  socket.send(JSON.stringify({ type: 'reconnect', sessionID: sessionId, lastMsgId: '' }));
  return {
    turn(content, limitMs = 60_000) {
      const startedAt = performance.now();
      return new Promise((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error(`no end within ${limitMs} ms`)), limitMs);
        ends.push(({ status, error }) => {
          clearTimeout(limit);
          if (status === 'completed') resolve(performance.now() - startedAt);
          else reject(new Error(`${status}: ${error}`));
        });
        socket.send(JSON.stringify({ type: 'message', sessionID: sessionId, content }));
      });
    },
    close: () => socket.terminate(),
  };
}
