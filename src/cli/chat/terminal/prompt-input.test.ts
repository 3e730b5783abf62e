import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { sleep } from '#shared/async/sleep.ts';
import { createPromptInput } from './prompt-input.ts';

/** A terminal whose keyboard is `type`. */
function openTerminal() {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let shown = '';
  stdout.on('data', (chunk) => {
    shown += String(chunk);
  });
  const input = createPromptInput({ stdin, stdout });
  const stop = new AbortController();
  return {
    shown: () => shown,
    type: (text: string) => stdin.write(text),
    end: () => stdin.end(),
    abort: () => stop.abort(new Error('closed')),
    ask: (fields: { isFresh?: boolean; isSecret?: boolean; signal?: AbortSignal } = {}) =>
      input.ask({ text: '> ', signal: stop.signal, ...fields }),
  };
}
const paste = (text: string) => `\u001b[200~${text}\u001b[201~`;
const line = (text: string) => ({ kind: 'line', text });
/** Longer than pasted lines are apart, and than a fresh question distrusts what comes. */
const aMoment = () => sleep(120);

describe('the prompt at a terminal', () => {
  it('takes what is pasted between marks as one answer, sent by Enter', async () => {
    for (const newline of ['\r', '\n', '\r\n']) {
      const terminal = openTerminal();
      const answer = terminal.ask();
      terminal.type(paste(['one', 'two', 'three'].join(newline)));
      await aMoment();
      terminal.type('!\r');
      expect(await answer).toEqual(line('one\ntwo\nthree!'));
    }
  });

  it('asks for marks while it is open, and no longer', async () => {
    const terminal = openTerminal();
    const answer = terminal.ask();
    await expect.poll(terminal.shown).toContain('\u001b[?2004h');
    expect(terminal.shown()).not.toContain('\u001b[?2004l');
    terminal.type('x\r');
    await answer;
    expect(terminal.shown().endsWith('\u001b[?2004l')).toBe(true);
  });

  it('takes lines that arrive together as one answer, although nothing marks them', async () => {
    const terminal = openTerminal();
    const whole = terminal.ask();
    terminal.type('one\rtwo\rthree\r');
    expect(await whole).toEqual(line('one\ntwo\nthree'));
    const open = terminal.ask();
    terminal.type('four\rfive');
    await aMoment();
    terminal.type(' and more\r');
    expect(await open).toEqual(line('four\nfive and more'));
  });

  it('takes lines that were typed one after another as answers of their own', async () => {
    const terminal = openTerminal();
    const first = terminal.ask();
    terminal.type('one\r');
    expect(await first).toEqual(line('one'));
    const second = terminal.ask();
    terminal.type('two\r');
    expect(await second).toEqual(line('two'));
  });

  it('keeps what stands in an editor that closes for the next', async () => {
    const terminal = openTerminal();
    const stop = new AbortController();
    const closed = terminal.ask({ signal: stop.signal });
    terminal.type(`${paste('one\rtwo\rthr')}ee`);
    await aMoment();
    stop.abort(new Error('closed'));
    await expect(closed).rejects.toThrow('closed');
    const next = terminal.ask();
    await aMoment();
    terminal.type(' four\r');
    expect(await next).toEqual(line('one\ntwo\nthree four'));
  });

  it('takes neither a paste nor what was typed before for the answer of a fresh question', async () => {
    const terminal = openTerminal();
    terminal.type('plea');
    const question = terminal.ask({ isFresh: true });
    await aMoment();
    terminal.type(paste('se\ry\r'));
    await aMoment();
    terminal.type('n\r');
    expect(await question).toEqual(line('n'));
    const next = terminal.ask();
    await aMoment();
    terminal.type('\r');
    expect(await next).toEqual(line('please\ny\n'));
  });

  it('answers a secret with its first line and shows nothing of it', async () => {
    const terminal = openTerminal();
    const secret = terminal.ask({ isSecret: true });
    terminal.type('hidden\r');
    expect(await secret).toEqual(line('hidden'));
    expect(terminal.shown()).not.toContain('hidden');
  });

  it('ends with the input, after what stood there', async () => {
    const terminal = openTerminal();
    const last = terminal.ask();
    terminal.type('last words');
    await aMoment();
    terminal.end();
    expect(await last).toEqual(line('last words'));
    expect(await terminal.ask()).toEqual({ kind: 'end' });
  });
});
