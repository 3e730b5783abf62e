import { afterEach, describe, expect, it } from 'vitest';
import { deferred } from '#shared/async/deferred.ts';
import { sleep } from '#shared/async/sleep.ts';
import { systemClock } from '#shared/clock.ts';
import { dialWith, type WebSocketLike } from './dial.ts';
import { createSocketClient, type SocketClient } from './socket-client.ts';
import { createConversationStore } from './store.ts';

const SESSION = 'session-1';
const EPOCH = 'abcdefghijklmnop';

type Listener = (event: { data: unknown; code: number }) => void;

/** A browser's socket whose other end is the test. */
class FakeSocket implements WebSocketLike {
  static opened: FakeSocket[] = [];
  readonly url: string;
  readonly protocols: string[];
  readonly sent: Array<Record<string, unknown>> = [];
  readyState = 0;
  isAbandoned = false;
  private readonly listeners = new Map<string, Listener[]>();

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
    FakeSocket.opened.push(this);
  }
  addEventListener(type: string, listener: Listener): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.isAbandoned = true;
    this.readyState = 3;
  }
  private fire(type: string, event: { data?: unknown; code?: number } = {}): void {
    for (const listener of this.listeners.get(type) ?? []) listener({ data: '', code: 0, ...event });
  }
  accept(): void {
    this.readyState = 1;
    this.fire('open');
  }
  say(frame: Record<string, unknown>): void {
    this.fire('message', { data: JSON.stringify(frame) });
  }
  end(code: number): void {
    this.readyState = 3;
    this.fire('close', { code });
  }
  attach(seq: number, resumed: boolean): void {
    const fixed = { messages_replayed: 0, generation_active: false, session_status: '', is_running: false };
    const position = { session_id: SESSION, last_stream_id: `${EPOCH}-${seq}`, resumed };
    this.say({ Type: 'reconnection_status', ...fixed, ...position });
  }
  text(seq: number, content: string): void {
    const delta = { message_id: 'm', delta_type: 'text', content, timestamp: 1 };
    this.say({ Type: 'stream_delta', session_id: SESSION, _streamId: `${EPOCH}-${seq}`, ...delta });
  }
}

async function socketNumber(number: number): Promise<FakeSocket> {
  await expect.poll(() => FakeSocket.opened.length, { timeout: 5_000, interval: 5 }).toBe(number);
  const socket = FakeSocket.opened.at(-1);
  if (!socket) throw new Error('no socket');
  return socket;
}

describe('a client in a browser', () => {
  const clients: SocketClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    FakeSocket.opened = [];
  });

  function open() {
    const store = createConversationStore(SESSION);
    const connections: string[] = [];
    let renewals = 0;
    const client = createSocketClient({
      url: new URL('wss://crush.example/ws'),
      sessionId: SESSION,
      dial: dialWith(FakeSocket),
      clock: systemClock,
      token: () => `token-${renewals}`,
      async renewToken() {
        renewals += 1;
        return 'renewed';
      },
      cursor: () => store.state().cursor,
      onAttaching: store.attaching,
      onFrame: store.frame,
      onConnection: (state) => connections.push(state),
    });
    clients.push(client);
    const ready = client.connect();
    ready.catch(() => {});
    const text = () => store.state().messages.get('m')?.Parts[0];
    return { client, store, connections, ready, text, renewals: () => renewals };
  }

  it('proves itself by a subprotocol, never by the address, and asks for its session', async () => {
    const { ready } = open();
    const socket = await socketNumber(1);
    expect(socket.url).toBe(`wss://crush.example/ws?session_id=${SESSION}`);
    expect(socket.protocols).toEqual(['bearer.token-0']);
    socket.accept();
    expect(socket.sent).toEqual([{ type: 'reconnect', sessionID: SESSION, lastMsgId: '' }]);
    socket.attach(3, false);
    await ready;
  });

  it('resumes from its cursor after a loss, and applies what comes twice once', async () => {
    const { ready, text, connections } = open();
    const first = await socketNumber(1);
    first.accept();
    first.attach(3, false);
    await ready;
    first.text(4, 'a');
    first.text(5, 'b');
    first.end(4001);
    const second = await socketNumber(2);
    second.accept();
    expect(second.sent[0]).toMatchObject({ type: 'reconnect', lastMsgId: `${EPOCH}-5` });
    second.text(5, 'b');
    second.text(6, 'c');
    second.attach(6, true);
    second.text(7, 'd');
    expect(text()).toEqual({ type: 'text', text: 'abcd' });
    expect(connections).toEqual(['lost', 'restored']);
  });

  it('holds what is sent without a connection until it is attached', async () => {
    const { client, ready } = open();
    client.send({ type: 'cancel', sessionID: SESSION });
    const socket = await socketNumber(1);
    socket.accept();
    expect(socket.sent).toHaveLength(1);
    socket.attach(0, false);
    await ready;
    expect(socket.sent.at(-1)).toEqual({ type: 'cancel', sessionID: SESSION });
  });

  it('renews a token that has expired, also where refusals cannot be told from failures', async () => {
    const { ready, renewals } = open();
    (await socketNumber(1)).end(4101);
    const second = await socketNumber(2);
    expect(second.protocols).toEqual(['bearer.token-1']);
    second.end(1006);
    for (let number = 3; renewals() < 2; number++) (await socketNumber(number)).end(1006);
    const last = await socketNumber(FakeSocket.opened.length + 1);
    expect(last.protocols).toEqual(['bearer.token-2']);
    last.accept();
    last.attach(0, false);
    await ready;
  });

  it('gives up at a close that is final, with its meaning', async () => {
    const { client, ready } = open();
    const socket = await socketNumber(1);
    socket.accept();
    socket.attach(0, false);
    await ready;
    socket.end(4203);
    await expect(client.failed).rejects.toMatchObject({ kind: 'lost', message: 'access was revoked' });
    await sleep(20);
    expect(FakeSocket.opened).toHaveLength(1);
  });

  it('is refused when the server answers the first attach with an error', async () => {
    const { ready } = open();
    const socket = await socketNumber(1);
    socket.accept();
    socket.say({ Type: 'error', error: 'Session not found', code: 'not_found' });
    await expect(ready).rejects.toMatchObject({ kind: 'refused', message: 'Session not found' });
  });

  it('leaves nothing open when it closes', async () => {
    const { client } = open();
    const socket = await socketNumber(1);
    const closed = deferred<void>();
    client.close().then(closed.resolve, closed.reject);
    await closed.promise;
    expect(socket.isAbandoned).toBe(true);
  });
});
