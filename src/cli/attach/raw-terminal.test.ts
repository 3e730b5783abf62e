import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { runAttach } from './attach.ts';
import { type RawTerminal, takeTerminal } from './raw-terminal.ts';

describe("a person's terminal while another is shown", () => {
  let written: string;
  let raw: boolean[];
  let typed: string;
  let left: number;
  let host: EventEmitter & { stdin: PassThrough; stdout: PassThrough };
  let terminal: RawTerminal;

  beforeEach(() => {
    written = '';
    raw = [];
    typed = '';
    left = 0;
    const stdin = Object.assign(new PassThrough(), { setRawMode: (mode: boolean) => raw.push(mode) });
    const stdout = Object.assign(new PassThrough(), { rows: 40, columns: 2_000 });
    stdout.on('data', (chunk) => {
      written += chunk;
    });
    host = Object.assign(new EventEmitter(), { stdin, stdout });
    terminal = takeTerminal(host as unknown as Parameters<typeof takeTerminal>[0], {
      onInput: (bytes) => {
        typed += bytes;
      },
      onResize: () => {},
      onLeave: () => {
        left += 1;
      },
    });
  });

  it('hands keys on, also those of signals, until the one that detaches', () => {
    host.stdin.emit('data', Buffer.from('ls\r\u0003'));
    host.stdin.emit('data', Buffer.from('x\u001cy'));
    expect(typed).toBe('ls\r\u0003x');
    expect(left).toBe(1);
  });

  it('has a size that the protocol takes', () => {
    expect(terminal.size()).toEqual({ rows: 40, cols: 1000 });
  });

  it.each(['release', 'exit'])('is put back as it was by %s, once', (how) => {
    terminal.show(Buffer.from('\u001b[?10'), () => {});
    terminal.show(Buffer.from('49hfull screen'), () => {});
    if (how === 'exit') host.emit('exit');
    terminal.release();
    terminal.release();
    expect(raw).toEqual([true, false]);
    expect(written.split('\u001b[?1049l')).toHaveLength(2);
    expect(written).toContain('\u001b[?25h');
    expect(host.eventNames()).toEqual([]);
    expect(host.stdin.listenerCount('data')).toBe(0);
  });

  it('keeps its screen where the other one had left its own', () => {
    terminal.show(Buffer.from('\u001b[?1049hvim\u001b[?1049l$ '), () => {});
    terminal.release();
    expect(written.endsWith('\u001b[?1049l')).toBe(false);
    expect(written.split('\u001b[?1049l')).toHaveLength(2);
  });

  it('leaves when it is told to end', () => {
    host.emit('SIGTERM');
    host.emit('SIGHUP');
    expect(left).toBe(2);
  });
});

it('attach says in one line that it needs a terminal', async () => {
  const process = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const io = { process: process as never, env: {} };
  expect(await runAttach({ dataDir: '/nowhere' }, io)).toBe(2);
  expect(String(process.stderr.read())).toBe(
    'crush: attach needs a terminal; use `crush chat` with a prompt in scripts\n',
  );
});
