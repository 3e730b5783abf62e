import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FatalError } from '#config/errors.ts';
import { chatCommand } from './command.ts';
import { parseServerUrl, parseSocketUrl, readPrompt, socketUrlOf } from './options.ts';

const piped = (text: string) => ({ stdin: Readable.from([text]), isTTY: false });
const terminal = { stdin: Readable.from([]), isTTY: true };

describe('addresses', () => {
  it('accepts http and https with a path prefix', () => {
    expect(parseServerUrl('https://host/crush/').href).toBe('https://host/crush');
    expect(socketUrlOf(parseServerUrl('https://host/crush/')).href).toBe('wss://host/crush/ws');
    expect(socketUrlOf(parseServerUrl('http://127.0.0.1:8080')).href).toBe('ws://127.0.0.1:8080/ws');
  });

  it.each([
    'host:8080',
    'ftp://host',
    'http://',
    'http://user:pw@host',
    'http://host?x=1',
    'javascript:alert(1)',
  ])('refuses %s as a usage error', (text) => {
    expect(() => parseServerUrl(text)).toThrow(FatalError);
    expect(() => parseServerUrl(text)).toThrow(/^--server: /);
  });

  it('adds /ws to a bare socket address and accepts the http spelling', () => {
    expect(parseSocketUrl('ws://host:8081').href).toBe('ws://host:8081/ws');
    expect(parseSocketUrl('https://host/rt').href).toBe('wss://host/rt');
    expect(() => parseSocketUrl('ftp://host')).toThrow(/^--ws-url: /);
  });
});

describe('the prompt', () => {
  it('is asked for at a terminal without arguments', async () => {
    expect(await readPrompt([], terminal)).toBeNull();
  });

  it('is made of the arguments, and standard input is left alone', async () => {
    const stdin = new Readable({ read() {} });
    expect(await readPrompt(['do', 'it'], { stdin, isTTY: false })).toBe('do it');
    stdin.destroy();
  });

  it('comes from standard input without arguments, and joins them at a dash', async () => {
    expect(await readPrompt([], piped('hello\n'))).toBe('hello');
    expect(await readPrompt(['explain:', '-'], piped('text\n'))).toBe('explain:\n\ntext');
  });

  it('must not be empty or enormous', async () => {
    await expect(readPrompt([], piped(' \n'))).rejects.toThrow('there is no prompt');
    await expect(readPrompt([], piped('x'.repeat(1024 * 1024 + 1)))).rejects.toThrow('1 MiB');
  });
});

describe('the command line', () => {
  const parse = (...args: string[]) => {
    let seen: unknown = null;
    const command = chatCommand()
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    command.action((prompt: string[], flags: object) => {
      seen = { prompt, ...flags };
    });
    command.parse(args, { from: 'user' });
    return seen;
  };

  it('takes options before and after the prompt', () => {
    expect(parse('--server', 'http://h', 'fix', 'it', '--yes', '-')).toEqual({
      server: 'http://h',
      yes: true,
      prompt: ['fix', 'it', '-'],
    });
  });

  it('refuses a project together with a session, and unknown options', () => {
    expect(() => parse('--project', 'a', '--session', 'b')).toThrow(/cannot be used with/);
    expect(() => parse('--nope')).toThrow(/unknown option/);
  });
});
