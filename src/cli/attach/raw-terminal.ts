const DETACH_KEY = 0x1c;
const ESCAPE = '\u001b';
const ALTERNATE_ON = `${ESCAPE}[?1049h`;
const ALTERNATE_OFF = `${ESCAPE}[?1049l`;
/** Cursor, mouse, pasting, keypad and colours as shells expect them. */
const NORMAL_MODES = ['?25h', '?1000l', '?1002l', '?1003l', '?1006l', '?2004l', '?1l', '0m']
  .map((mode) => `${ESCAPE}[${mode}`)
  .join('');
const LONGEST_MARK = ALTERNATE_ON.length - 1;
const DEFAULT_SIZE = { rows: 24, cols: 80 };
const MAX_SIZE = 1000;

export interface RawTerminalEvents {
  onInput(bytes: Buffer): void;
  onResize(): void;
  /** The key that detaches, or the end of this program. */
  onLeave(): void;
}

/** The person's own terminal while another one is shown on it. */
export interface RawTerminal {
  size(): { rows: number; cols: number };
  /** `shown` is called once it is written. */
  show(bytes: Uint8Array, shown: () => void): void;
  /** A line of ours. */
  notice(text: string): void;
  /** Puts it back as it was. Idempotent; also done when the process ends otherwise. */
  release(): void;
}

type Host = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'on' | 'off'>;

export function takeTerminal(host: Host, events: RawTerminalEvents): RawTerminal {
  const { stdin, stdout } = host;
  let isAlternate = false;
  let isTaken = true;
  let tail = '';

  function onData(chunk: Buffer): void {
    const at = chunk.indexOf(DETACH_KEY);
    const typed = at === -1 ? chunk : chunk.subarray(0, at);
    if (typed.length > 0) events.onInput(typed);
    if (at !== -1) events.onLeave();
  }

  /** A program that is left in the middle of its full screen is not there to leave it. */
  function watchScreen(bytes: Uint8Array): void {
    const text = tail + Buffer.from(bytes).toString('latin1');
    tail = text.slice(-LONGEST_MARK);
    const on = text.lastIndexOf(ALTERNATE_ON);
    const off = text.lastIndexOf(ALTERNATE_OFF);
    if (on !== off) isAlternate = on > off;
  }

  function release(): void {
    if (!isTaken) return;
    isTaken = false;
    host.off('exit', release);
    host.off('SIGTERM', events.onLeave);
    host.off('SIGHUP', events.onLeave);
    stdin.off('data', onData);
    stdin.off('end', events.onLeave);
    stdout.off('resize', events.onResize);
    stdin.setRawMode(false);
    stdin.pause();
    stdout.write(`${isAlternate ? ALTERNATE_OFF : ''}${NORMAL_MODES}`);
  }

  stdin.setRawMode(true);
  host.on('exit', release);
  host.on('SIGTERM', events.onLeave);
  host.on('SIGHUP', events.onLeave);
  stdin.on('data', onData);
  stdin.on('end', events.onLeave);
  stdout.on('resize', events.onResize);
  stdin.resume();

  return {
    size: () => ({
      rows: Math.min(MAX_SIZE, stdout.rows || DEFAULT_SIZE.rows),
      cols: Math.min(MAX_SIZE, stdout.columns || DEFAULT_SIZE.cols),
    }),
    show(bytes, shown) {
      watchScreen(bytes);
      stdout.write(bytes, () => shown());
    },
    notice: (text) => void stdout.write(`\r\n[crush: ${text}]\r\n`),
    release,
  };
}
