import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runChat } from '#cli/chat/chat.ts';
import type { ChatOptions } from '#cli/chat/options.ts';
import {
  createProtocolServer,
  EMAIL,
  PASSWORD,
  type ProtocolServer,
  SESSION,
  type TurnFrame,
} from '../doubles/protocol-server.ts';
import { freePort } from '../harness/process.ts';

let server: ProtocolServer;
let dataDir: string;

beforeEach(async () => {
  server = await createProtocolServer();
  dataDir = await mkdtemp(join(tmpdir(), 'crush-chat-'));
  const admin = { server: server.url, email: EMAIL, password: PASSWORD };
  await writeFile(join(dataDir, 'local-admin.json'), JSON.stringify(admin), { mode: 0o600 });
});
afterEach(async () => {
  await server.close();
  await rm(dataDir, { recursive: true });
});

function start(
  options: Partial<ChatOptions>,
  setting: { isTTY?: boolean; hasKeys?: boolean; env?: Record<string, string> } = {},
) {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  if (setting.hasKeys) Object.assign(streams.stdin, { isTTY: true, setRawMode() {} });
  const text = { stdout: '', stderr: '' };
  const watchers: Array<() => void> = [];
  for (const name of ['stdout', 'stderr'] as const) {
    streams[name].on('data', (chunk) => {
      text[name] += String(chunk);
      for (const watch of [...watchers]) watch();
    });
  }
  let interrupt = () => {};
  const exitCode = runChat(
    { dataDir, prompt: [], ...options },
    {
      ...streams,
      isTTY: setting.isTTY ?? false,
      env: { NO_COLOR: '1', ...setting.env },
      onInterrupt(listener) {
        interrupt = listener;
        return () => {};
      },
    },
  );
  /** Resolves when the output since the last wait holds this text. */
  let from = 0;
  const shows = (wanted: string) =>
    new Promise<void>((resolve) => {
      const watch = () => {
        const at = text.stdout.indexOf(wanted, from);
        if (at < 0) return;
        from = at + wanted.length;
        watchers.splice(watchers.indexOf(watch), 1);
        resolve();
      };
      watchers.push(watch);
      watch();
    });
  return { ...streams, text, exitCode, shows, interrupt: () => interrupt() };
}

const message = (text: string): TurnFrame => ({
  Type: 'message',
  ID: 'assistant-1',
  Role: 'assistant',
  SessionID: SESSION,
  Parts: text === '' ? [] : [{ type: 'text', text }],
  Model: '',
  Provider: '',
  CreatedAt: 1,
  UpdatedAt: 1,
  IsSummaryMessage: false,
});
const delta = (content: string): TurnFrame => ({
  Type: 'stream_delta',
  message_id: 'assistant-1',
  delta_type: 'text',
  content,
  timestamp: 1,
});
const bash = (fields: Record<string, unknown>): TurnFrame => ({
  Type: 'tool_call_update',
  id: 'call-1',
  name: 'bash',
  input: '{"command":"ls -la"}',
  is_error: false,
  created_at: 1,
  updated_at: 1,
  ...fields,
});
const request: TurnFrame = {
  Type: 'permission_request',
  id: 'request-1',
  tool_call_id: 'call-1',
  tool_name: 'edit',
  description: 'Edit a.txt',
  action: 'write',
  params: { file_path: '/workspace/a.txt', old_content: 'one\n', new_content: 'two\u202e\n' },
  path: '/workspace',
  expires_at: null,
};

describe('one prompt', () => {
  it('prints the answer alone on stdout and tool calls on stderr', async () => {
    server.script((turn) => {
      turn.emit(message(''), delta('Hel'), delta('lo\u001b[31m'), bash({ status: 'running' }));
      turn.emit(bash({ status: 'completed', result: 'total 0\na.txt' }), delta('!'));
      turn.complete('completed');
    });
    const run = start({ prompt: ['say', 'hello'] });
    expect(await run.exitCode).toBe(0);
    expect(run.text.stdout).toBe('Hello␛[31m!\n');
    expect(run.text.stderr).toBe('● bash ls -la\n  total 0\n  a.txt\n');
    expect(server.seen.prompts).toEqual(['say hello']);
    expect(server.projects.map((project) => project.name)).toEqual(['default']);
  });

  it('takes the prompt from standard input', async () => {
    const run = start({});
    run.stdin.end('from a pipe\n');
    expect(await run.exitCode).toBe(0);
    expect(server.seen.prompts).toEqual(['from a pipe']);
  });

  it('uses a project that is there', async () => {
    server.projects.push({ id: 'p', name: 'site' });
    expect(await start({ prompt: ['x'], project: 'site' }).exitCode).toBe(0);
    expect(server.projects).toHaveLength(1);
  });

  it('answers 1 when the turn fails, with the reason', async () => {
    server.script((turn) => turn.complete('error', 'the model is gone'));
    const run = start({ prompt: ['x'] });
    expect(await run.exitCode).toBe(1);
    expect(run.text.stderr).toContain('crush: the turn failed: the model is gone');
  });

  it('denies what needs permission and says so', async () => {
    let answer: Record<string, unknown> = {};
    server.script(async (turn) => {
      turn.emit(request);
      answer = await turn.frame('permission_response');
      turn.complete('completed');
    });
    const run = start({ prompt: ['x'] });
    expect(await run.exitCode).toBe(0);
    expect(answer).toMatchObject({ id: 'request-1', tool_call_id: 'call-1', granted: false, denied: true });
    expect(run.text.stderr).toContain('denied: edit (write) needs permission');
  });

  it('allows it with --yes', async () => {
    let answer: Record<string, unknown> = {};
    server.script(async (turn) => {
      turn.emit(request);
      answer = await turn.frame('permission_response');
      turn.complete('completed');
    });
    expect(await start({ prompt: ['x'], yes: true }).exitCode).toBe(0);
    expect(answer).toMatchObject({ granted: true, denied: false, session_id: SESSION });
  });

  it('cancels at the first Ctrl-C and leaves at the second', async () => {
    server.script(async (turn) => {
      turn.emit(message(''), delta('working'));
      await turn.frame('cancel');
    });
    const run = start({ prompt: ['x'] });
    await run.shows('working');
    run.interrupt();
    await expect.poll(() => server.seen.frames.map((frame) => frame.type)).toContain('cancel');
    run.interrupt();
    expect(await run.exitCode).toBe(130);
  });

  it('answers 1 when the turn was cancelled', async () => {
    server.script(async (turn) => {
      turn.emit(message(''), delta('working'));
      await turn.frame('cancel');
      turn.complete('cancelled');
    });
    const run = start({ prompt: ['x'] });
    await run.shows('working');
    run.interrupt();
    expect(await run.exitCode).toBe(1);
  });
});

describe('a lost connection', () => {
  it.each([undefined, 4001, 4008])(
    'is resumed by cursor without a loss or a repetition (close code %s)',
    async (code) => {
      server.script(async (turn) => {
        turn.emit(message(''), delta('one '));
        await new Promise((resolve) => setTimeout(resolve, 50));
        turn.emit(delta('two '));
        server.dropSockets(code);
        turn.emit(delta('three '));
        await server.waitForSocket();
        turn.emit(delta('four'));
        turn.complete('completed');
      });
      const run = start({ prompt: ['count'] });
      expect(await run.exitCode).toBe(0);
      expect(run.text.stdout).toBe('one two three four\n');
      const cursors = server.seen.frames
        .filter(({ type }) => type === 'reconnect')
        .map(({ lastMsgId }) => lastMsgId);
      expect(cursors[0]).toBe('');
      expect(cursors[1]).toMatch(/^abcdefghijklmnop-[23]$/);
    },
  );

  it('ends well when the turn finished meanwhile and the log is gone', async () => {
    server.script((turn) => {
      turn.emit(message(''), delta('one '));
      server.dropSockets();
      const finish = { type: 'finish', reason: 'end_turn', time: 1 };
      const { Type: _, ...stored } = message('');
      server.stored = Object.assign(server.stored, {
        messages: [{ ...stored, Parts: [{ type: 'text', text: 'one two' }, finish] }],
        status: 'completed',
      });
      turn.complete('completed');
      server.forgetLog();
    });
    const run = start({ prompt: ['count'] });
    expect(await run.exitCode).toBe(0);
    expect(run.text.stdout).toBe('one two\n');
  });

  it('renews an expired token', async () => {
    server.script(async (turn) => {
      turn.emit(message(''), delta('one '));
      server.tokens.clear();
      server.dropSockets(4101);
      await server.waitForSocket();
      turn.emit(delta('two'));
      turn.complete('completed');
    });
    const run = start({ prompt: ['count'] });
    expect(await run.exitCode).toBe(0);
    expect(run.text.stdout).toBe('one two\n');
  });

  it('is final in class 42xx, with the reason', async () => {
    server.script(() => server.dropSockets(4203));
    const run = start({ prompt: ['x'] });
    expect(await run.exitCode).toBe(3);
    expect(run.text.stderr).toContain('access was revoked');
  });

  it('repeats an answer that was lost with the connection', async () => {
    let answers = 0;
    server.script(async (turn) => {
      turn.emit(request);
      await turn.frame('permission_response');
      server.dropSockets();
      await server.waitForSocket();
      await expect.poll(() => answersOf(server)).toBe(2);
      answers = answersOf(server);
      turn.complete('completed');
    });
    expect(await start({ prompt: ['x'], yes: true }).exitCode).toBe(0);
    expect(answers).toBe(2);
  });
});

describe('a conversation at a terminal', () => {
  it('streams, shows the change, asks, and leaves with /exit', async () => {
    let answer: Record<string, unknown> = {};
    server.script(async (turn) => {
      turn.emit(message(''), delta('On it.'), request);
      answer = await turn.frame('permission_response');
      turn.emit({ Type: 'permission_notification', tool_call_id: 'call-1', granted: true, denied: false });
      turn.complete('completed');
    });
    const run = start({}, { isTTY: true });
    await run.shows('› ');
    run.stdin.write('change it\n');
    await run.shows('On it.\n? edit wants to write in /workspace\n');
    await run.shows('  -one\n  +two<U+202E>\n');
    await run.shows('[n]o ');
    await new Promise((resolve) => setTimeout(resolve, 80));
    run.stdin.write('perhaps\n');
    await run.shows('[n]o ');
    await new Promise((resolve) => setTimeout(resolve, 80));
    run.stdin.write('s\n');
    await run.shows('› ');
    expect(answer).toMatchObject({
      granted: true,
      allow_for_session: true,
      tool_name: 'edit',
      path: '/workspace',
    });
    run.stdin.write('/exit\n');
    expect(await run.exitCode).toBe(0);
  });

  it('does not take a line that was typed ahead for an answer', async () => {
    let isAnswered = false;
    server.script(async (turn) => {
      turn.emit(request);
      void turn.frame('permission_response').then(() => {
        isAnswered = true;
      });
      await turn.frame('cancel');
      turn.complete('cancelled');
    });
    const run = start({}, { isTTY: true });
    await run.shows('› ');
    run.stdin.write('change it\ny\n');
    await run.shows('[n]o ');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isAnswered).toBe(false);
    run.interrupt();
    await run.shows('cancelled');
    run.stdin.end();
    expect(await run.exitCode).toBe(0);
  });

  it('makes one prompt of what is pasted, marked or not', async () => {
    const run = start({}, { isTTY: true, hasKeys: true });
    await run.shows('\u001b[?2004h');
    run.stdin.write('\u001b[200~one\rtwo\rthree\u001b[201~');
    await run.shows('three');
    run.stdin.write('\r');
    await run.shows('\u001b[?2004h');
    expect(server.seen.prompts).toEqual(['one\ntwo\nthree']);
    run.stdin.write('four\rfive\r');
    await run.shows('five');
    await run.shows('\u001b[?2004h');
    expect(server.seen.prompts.slice(1)).toEqual(['four\nfive']);
    run.stdin.write('\u0004');
    expect(await run.exitCode).toBe(0);
  });

  it('summarizes when it is asked to, and says why it cannot', async () => {
    const run = start({}, { isTTY: true });
    await run.shows('› ');
    run.stdin.write('/summarize\n');
    await run.shows('There is nothing to summarize.\n');
    await run.shows('› ');
    expect(server.seen.requests).not.toContain('POST /api/sessions');
    run.stdin.write('begin\n');
    await run.shows('› ');
    server.script((turn) => {
      const summary = { ...message(''), IsSummaryMessage: true };
      turn.emit(summary, delta('All that was said.'));
      turn.complete('completed');
    });
    run.stdin.write('/summarize\n');
    await run.shows('All that was said.\n');
    await run.shows('› ');
    run.stdin.write('/summarize\n');
    await run.shows('There is nothing to summarize\n');
    await run.shows('› ');
    run.stdin.write('go on\n');
    await run.shows('› ');
    expect(server.seen.prompts).toEqual(['begin', 'go on']);
    const summaries = server.seen.requests.filter((request) => request.endsWith('/summarize'));
    expect(summaries).toHaveLength(2);
    run.stdin.write('/exit\n');
    expect(await run.exitCode).toBe(0);
  });

  it('withdraws a question that another client answered', async () => {
    server.script(async (turn) => {
      turn.emit(request);
      await new Promise((resolve) => setTimeout(resolve, 50));
      turn.emit({ Type: 'permission_notification', tool_call_id: 'call-1', granted: false, denied: true });
      turn.complete('completed');
    });
    const run = start({}, { isTTY: true });
    await run.shows('› ');
    run.stdin.write('change it\n');
    await run.shows('settled elsewhere');
    await run.shows('› ');
    run.interrupt();
    expect(await run.exitCode).toBe(0);
    expect(answersOf(server)).toBe(0);
  });

  it('creates no session when the user leaves at once', async () => {
    const run = start({}, { isTTY: true });
    await run.shows('› ');
    run.stdin.end();
    expect(await run.exitCode).toBe(0);
    expect(server.seen.requests).not.toContain('POST /api/sessions');
  });
});

describe('getting in', () => {
  it('answers 3 with one line when nothing listens', async () => {
    const port = await freePort();
    const run = start(
      { prompt: ['x'], server: `http://127.0.0.1:${port}`, email: EMAIL },
      { env: { CRUSH_PASSWORD: 'x' } },
    );
    expect(await run.exitCode).toBe(3);
    expect(run.text.stderr).toMatch(
      /^crush: cannot reach the server at http:\/\/127\.0\.0\.1:\d+ \(connection refused.*\n$/,
    );
  });

  it('answers 3 when the realtime port is dead', async () => {
    const port = await freePort();
    const run = start({ prompt: ['x'], wsUrl: `ws://127.0.0.1:${port}` });
    expect(await run.exitCode).toBe(3);
    expect(run.text.stderr).toContain('no realtime connection');
  });

  it('answers 2 when the password is wrong', async () => {
    const run = start({ prompt: ['x'], email: 'other@example.com' }, { env: { CRUSH_PASSWORD: 'wrong' } });
    expect(await run.exitCode).toBe(2);
    expect(run.text.stderr).toBe('crush: cannot log in: Invalid e-mail or password\n');
  });

  it('never shows the stored password to another server', async () => {
    const run = start({ prompt: ['x'], server: 'http://127.0.0.1:9' });
    expect(await run.exitCode).toBe(2);
    expect(run.text.stderr).toContain('no credentials for http://127.0.0.1:9');
  });

  it('asks for a password without showing it', async () => {
    const run = start(
      { email: EMAIL, server: server.url.replace('127.0.0.1', 'localhost') },
      { isTTY: true },
    );
    await run.shows('› ');
    run.stdin.end();
    expect(await run.exitCode).toBe(0);
    await rm(join(dataDir, 'local-admin.json'));
    const other = start({ email: EMAIL, server: server.url }, { isTTY: true });
    await other.shows('Password of');
    other.stdin.write(`${PASSWORD}\n`);
    await other.shows('› ');
    other.stdin.end();
    expect(await other.exitCode).toBe(0);
    expect(other.text.stdout).not.toContain(PASSWORD);
  });

  it('creates the account first when asked to', async () => {
    const run = start({ prompt: ['x'], register: 'me', email: EMAIL }, { env: { CRUSH_PASSWORD: PASSWORD } });
    expect(await run.exitCode).toBe(0);
    expect(server.seen.registered).toEqual(['me']);
  });

  it('answers 1 for a session that is not there', async () => {
    const run = start({ prompt: ['x'], session: 'unknown' });
    expect(await run.exitCode).toBe(1);
    expect(run.text.stderr).toBe('crush: Not found\n');
  });

  it('answers 2 without a prompt', async () => {
    const run = start({});
    run.stdin.end(' \n');
    expect(await run.exitCode).toBe(2);
  });
});

function answersOf(from: ProtocolServer): number {
  return from.seen.frames.filter((frame) => frame.type === 'permission_response').length;
}
