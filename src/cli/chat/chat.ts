import { EXIT, FatalError } from '#config/errors.ts';
import { errorMessage } from '#shared/text.ts';
import { type Conversation, createConversation } from './conversation.ts';
import { type Asker, isClearText, resolveTarget } from './credentials.ts';
import { type ApiClient, ApiError, createApiClient } from './link/api-client.ts';
import { runInteractive } from './modes/interactive.ts';
import { runOnce } from './modes/one-shot.ts';
import { type ChatIo, type ChatOptions, readPrompt } from './options.ts';
import { createInterrupts, type Interrupts } from './terminal/interrupts.ts';
import { createPromptInput, type PromptInput } from './terminal/prompt-input.ts';
import { revealLine } from './terminal/sanitize.ts';
import { createScreen } from './terminal/screen.ts';
import { createStyle } from './terminal/style.ts';
import type { Decide } from './view/permission-question.ts';
import { createRenderer } from './view/render.ts';

/** Interrupted by Ctrl-C, as shells report it. */
const EXIT_INTERRUPTED = 130;
const DEFAULT_WIDTH = 100;

/** Runs one chat to its end and resolves with the exit code. Never rejects. */
export async function runChat(options: ChatOptions, io: ChatIo): Promise<number> {
  const interrupts = createInterrupts();
  const stopListening = io.onInterrupt(interrupts.raise);
  // A reader that went away ends the run; without a listener it would end the process with a stack.
  const onBrokenPipe = () => interrupts.raise();
  io.stdout.on('error', onBrokenPipe);
  const conversations: Conversation[] = [];
  try {
    return await chat({ options, io, interrupts, conversations });
  } catch (error) {
    if (interrupts.exit.aborted) return EXIT_INTERRUPTED;
    io.stderr.write(`crush: ${oneLine(error)}\n`);
    return exitCodeOf(error);
  } finally {
    stopListening();
    await Promise.all(conversations.map((conversation) => conversation.close()));
    io.stdout.removeListener('error', onBrokenPipe);
  }
}

interface Run {
  options: ChatOptions;
  io: ChatIo;
  interrupts: Interrupts;
  /** Owned by the caller, who closes them. */
  conversations: Conversation[];
}

async function chat(run: Run): Promise<number> {
  const { options, io, interrupts } = run;
  const prompt = await readPrompt(options.prompt, io);
  const input = io.isTTY ? createPromptInput(io) : null;
  const target = await resolveTarget(options, io, input ? askerOf(input, interrupts.exit) : null);
  const isInteractive = prompt === null && input !== null;
  const style = createStyle(isInteractive && !io.env.NO_COLOR && io.env.TERM !== 'dumb');
  const screen = createScreen({ stdout: io.stdout, stderr: io.stderr, isInteractive });
  if (isClearText(target.server)) {
    io.stderr.write(
      `crush: warning: ${target.server.origin} is not encrypted; the password can be read on the way\n`,
    );
  }
  const api = createApiClient({ server: target.server, login: target.login, fetch: globalThis.fetch });
  await signIn(api, options, interrupts.exit);

  async function converse(sessionId: string, decide: Decide): Promise<Conversation> {
    const renderer = createRenderer({ style, width: io.stdout.columns ?? DEFAULT_WIDTH });
    const conversation = createConversation({
      api,
      socketUrl: target.socket,
      sessionId,
      onChange: (state) => screen.write(renderer.render(state)),
      onNotice: (text) => screen.notice(style.dim(`· ${revealLine(text)}`)),
      decide,
    });
    run.conversations.push(conversation);
    renderer.skip(await conversation.open(interrupts.exit));
    return conversation;
  }

  const setting = { options, api, target, screen, style, interrupts, input, converse };
  return isInteractive ? runInteractive({ ...setting, input }) : runOnce(setting, prompt ?? '');
}

async function signIn(api: ApiClient, options: ChatOptions, signal: AbortSignal): Promise<void> {
  try {
    if (options.register) await api.register(options.register, signal);
    else await api.signIn(signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 429) throw error;
    throw new FatalError(`cannot log in: ${error.message}`, EXIT.usage, { cause: error });
  }
}

function askerOf(input: PromptInput, signal: AbortSignal): Asker {
  const ask = async (text: string, isSecret: boolean) => {
    const answer = await input.ask({ text, signal, isSecret });
    return answer.kind === 'line' ? answer.text : '';
  };
  return { line: (question) => ask(question, false), secret: (question) => ask(question, true) };
}

function exitCodeOf(error: unknown): number {
  if (error instanceof FatalError) return error.exitCode;
  return error instanceof ApiError && error.status === 503 ? EXIT.unavailable : EXIT.failure;
}

function oneLine(error: unknown): string {
  return revealLine(errorMessage(error));
}
