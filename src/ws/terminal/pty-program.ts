import type { TerminalSignal } from '#domain/protocol/terminal/view.ts';
import type { TerminalSize } from '#domain/terminal/index.ts';
import type { SpawnRequest } from '#domain/workspace/index.ts';

/**
 * script(1) makes the terminal where the command runs, so that its device is the sandbox's. Standard input carries
 * lines of control, each read by the shell around it: `i N` with N bytes of input behind it, `r ROWS COLS`,
 * `s SIGNAL` for what runs in the foreground, and `q` to hang up. Descriptor 5 is a pipe on which the inner shell tells its device and its number.
 */
const AROUND = `exec 3<&0 5<> <(:)
wait $!
control() {
  local kind a b tty shell stat
  read -r tty shell <&5
  while read -r kind a b; do
    case $kind in
    i) head -c "$a" ;;
    r) stty -F "$tty" rows "$a" cols "$b" ;;
    s)
      read -r stat <"/proc/$shell/stat"
      stat=(\${stat##*)})
      kill -s "$a" -- "-\${stat[5]}"
      ;;
    q) kill -s HUP "$shell" ;;
    esac
  done <&3 2>/dev/null
}
unset EDITOR VISUAL GIT_EDITOR PAGER GIT_PAGER JJ_EDITOR JJ_PAGER AGENT AI_AGENT
exec 4< <(control &)
wait $!
exec script -qfec "$INSIDE" /dev/null <&4 4<&-`;

const INSIDE = `stty sane rows "$LINES" cols "$COLUMNS"
echo "$(tty) $$" >&5
unset LINES COLUMNS INSIDE
export PS1='\\[\\e[32m\\]\\w\\[\\e[0m\\] \\$ '
exec /bin/bash -i 3<&- 5>&-`;

/** What the workspace starts for a terminal of this size. */
export function terminalProgram({ rows, cols }: TerminalSize): SpawnRequest {
  return {
    argv: ['/bin/bash', '--noprofile', '--norc', '-c', AROUND],
    env: { INSIDE, LINES: String(rows), COLUMNS: String(cols) },
  };
}

/** Its standard input for what is typed; in two pieces, so that the bytes are not copied. */
export function inputMessage(bytes: Buffer): [head: string, bytes: Buffer] {
  return [`i ${bytes.length}\n`, bytes];
}

export function resizeMessage({ rows, cols }: TerminalSize): string {
  return `r ${rows} ${cols}\n`;
}

/** What a shell takes for the loss of its terminal: it ends its jobs and keeps its history. */
export const HANG_UP_MESSAGE = 'q\n';

export function signalMessage(signal: TerminalSignal): string {
  return `s ${signal}\n`;
}
