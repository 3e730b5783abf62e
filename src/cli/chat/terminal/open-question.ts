import type { Interface } from 'node:readline';
import { deferred } from '#shared/async/deferred.ts';
import { createLineCollector, type Desk } from './line-collector.ts';
import type { Answer, Question } from './question.ts';

/** What was typed before a fresh question arrives within this time. */
const STALE_INPUT_MS = 50;
const PASTE_MARKS_ON = '\u001b[?2004h';
const PASTE_MARKS_OFF = '\u001b[?2004l';

export interface OpenQuestionDeps {
  question: Question;
  editor: Interface;
  desk: Desk;
  stdin: NodeJS.ReadableStream;
  stdout: NodeJS.WritableStream;
  isTerminal: boolean;
}

/** Shows a question and waits for its answer; then the editor is closed. Rejects with the signal's reason. */
export function openQuestion(deps: OpenQuestionDeps): Promise<Answer> {
  const { question, editor, desk, stdin, stdout } = deps;
  const { isSecret = false, isFresh = false, signal } = question;
  const hasMarks = deps.isTerminal && !isSecret;
  const openedAt = Date.now();
  const answered = deferred<Answer>();
  let isSettled = false;
  const collector = createLineCollector({ question, editor, desk, onAnswer: answer });

  function settle(finish: () => void): void {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(stale);
    signal.removeEventListener('abort', onAbort);
    stdin.removeListener('keypress', onKey);
    collector.stop();
    editor.close();
    if (hasMarks) stdout.write(PASTE_MARKS_OFF);
    finish();
  }
  function answer(): void {
    const text = collector.take();
    settle(() => answered.resolve({ kind: 'line', text }));
  }
  const onAbort = () => settle(() => answered.reject(signal.reason));
  const onKey = (_text: string | undefined, key: { name?: string } | undefined) => collector.onKey(key?.name);
  const stale = isFresh ? setTimeout(collector.putAside, STALE_INPUT_MS) : undefined;

  signal.addEventListener('abort', onAbort, { once: true });
  stdin.on('keypress', onKey);
  editor.on('history', (entries: string[]) => {
    if (!isSecret && !isFresh) desk.history = entries;
  });
  editor.on('SIGINT', () => {
    stdout.write('\n');
    collector.discard();
    settle(() => answered.resolve({ kind: 'interrupt' }));
  });
  editor.on('close', () => {
    if (isSettled) return;
    desk.hasEnded = true;
    if (collector.lines.length > 0) answer();
    else settle(() => answered.resolve({ kind: 'end' }));
  });
  editor.on('line', (line) => {
    if (!isFresh || Date.now() - openedAt >= STALE_INPUT_MS) return collector.add(line);
    desk.waiting.push(line);
    stdout.write(question.text);
  });
  if (hasMarks) stdout.write(PASTE_MARKS_ON);
  show(deps, collector.lines);
  return answered.promise;
}

/** A prompt goes on with what was typed before. */
function show({ question, editor, desk, stdout }: OpenQuestionDeps, lines: string[]): void {
  const { text, isSecret = false, isFresh = false } = question;
  stdout.write(isSecret ? text : '');
  editor.setPrompt(isSecret ? '' : text);
  if (isSecret || isFresh) {
    editor.prompt();
    return;
  }
  const before = desk.draft.split('\n');
  const rest = before.pop() ?? '';
  desk.draft = '';
  for (const line of before) stdout.write(`${text}${line}\n`);
  lines.push(...before);
  editor.prompt();
  if (rest !== '') editor.write(rest);
}
