import { type TurnOutcome, textOf } from '#client/conversation-state.ts';
import { EXIT } from '#config/errors.ts';
import type { Conversation } from '../conversation.ts';
import { ApiError } from '../link/api-client.ts';
import type { ChatSetting } from '../setting.ts';
import type { PromptInput } from '../terminal/prompt-input.ts';
import { revealLine, sanitizeText } from '../terminal/sanitize.ts';
import { askPerson } from '../view/permission-question.ts';
import { chooseProject, titleOf } from '../workplace.ts';

type InteractiveSetting = ChatSetting & { input: PromptInput };

const PROMPT = '› ';
const CONTINUED = '… ';
const SHOWN_HISTORY = 6;
const HELP = [
  'Type what is to be done; a line that ends in \\ goes on in the next one.',
  '/summarize puts a summary in the place of the conversation, when it has become long.',
  'Ctrl-C stops the running turn, or leaves at the prompt. Ctrl-D and /exit leave.',
];

/** Prompts and turns in alternation until the user leaves. */
export async function runInteractive(setting: InteractiveSetting): Promise<number> {
  const { screen, style, interrupts } = setting;
  const start = await prepare(setting);
  let conversation = start.conversation;
  for (;;) {
    const prompt = await readPromptLines(setting);
    if (prompt === null || prompt === '/exit' || prompt === '/quit') return EXIT.ok;
    if (prompt === '/help') screen.notice(...HELP);
    if (prompt === '' || prompt === '/help') continue;
    try {
      if (prompt === '/summarize') {
        await summarize(setting, conversation);
        continue;
      }
      const opened = conversation ?? (await start.begin(prompt));
      conversation = opened;
      report(setting, await runTurn(setting, opened, () => opened.ask(prompt, interrupts.exit)));
    } catch (error) {
      // A refused prompt leaves the session usable; a lost connection does not.
      if (!(error instanceof ApiError) || interrupts.exit.aborted) throw error;
      screen.notice(style.red(error.message));
    }
  }
}

interface Start {
  conversation: Conversation | null;
  /** Creates the session at its first prompt, so that leaving at once leaves nothing behind. */
  begin(prompt: string): Promise<Conversation>;
}

async function prepare(setting: InteractiveSetting): Promise<Start> {
  const { options, api, screen, style, target, interrupts } = setting;
  const decide = askPerson(setting);
  const server = `Crush at ${target.server.origin}`;
  if (options.session) {
    screen.notice(style.dim(`${server} · session ${revealLine(options.session)} · /help`));
    await showHistory(setting, options.session);
    const conversation = await setting.converse(options.session, decide);
    await interrupts.during(
      () => conversation.cancel(),
      () => conversation.settle(interrupts.exit),
    );
    return { conversation, begin: async () => conversation };
  }
  const { project, isNew, others } = await chooseProject(api, options.project, interrupts.exit);
  screen.notice(style.dim(`${server} · project ${revealLine(project.name)}${isNew ? ' (new)' : ''} · /help`));
  if (!options.project && others.length > 0) {
    screen.notice(style.dim(`other projects (--project NAME): ${others.map(revealLine).join(', ')}`));
  }
  return {
    conversation: null,
    async begin(prompt) {
      const input = { projectId: project.id, title: titleOf(prompt) };
      return setting.converse(await api.createSession(input, interrupts.exit), decide);
    },
  };
}

async function showHistory(
  { api, screen, style, interrupts }: ChatSetting,
  sessionId: string,
): Promise<void> {
  const messages = await api.listMessages(sessionId, SHOWN_HISTORY, interrupts.exit);
  for (const message of messages) {
    const text = sanitizeText(textOf(message)).trim();
    if (text === '' || message.Role === 'tool') continue;
    screen.notice(message.Role === 'user' ? style.bold(`${PROMPT}${text}`) : text);
  }
}

/** Null at the end of input and at Ctrl-C. */
async function readPromptLines({
  input,
  interrupts,
  screen,
  style,
}: InteractiveSetting): Promise<string | null> {
  const lines: string[] = [];
  screen.endLine();
  for (;;) {
    const text = style.bold(lines.length === 0 ? PROMPT : CONTINUED);
    const answer = await askUnlessLeaving({ input, interrupts }, text);
    if (answer === null) return null;
    if (!answer.endsWith('\\')) return [...lines, answer].join('\n').trim();
    lines.push(answer.slice(0, -1));
  }
}

async function askUnlessLeaving(
  { input, interrupts }: Pick<InteractiveSetting, 'input' | 'interrupts'>,
  text: string,
): Promise<string | null> {
  try {
    const answer = await input.ask({ text, signal: interrupts.exit });
    return answer.kind === 'line' ? answer.text : null;
  } catch (error) {
    if (interrupts.exit.aborted) return null;
    throw error;
  }
}

async function summarize(setting: ChatSetting, conversation: Conversation | null): Promise<void> {
  const { screen, interrupts } = setting;
  if (!conversation) screen.notice('There is nothing to summarize.');
  else report(setting, await runTurn(setting, conversation, () => conversation.summarize(interrupts.exit)));
}

function runTurn(
  setting: ChatSetting,
  conversation: Conversation,
  begin: () => Promise<TurnOutcome>,
): Promise<TurnOutcome> {
  const { interrupts, screen, style } = setting;
  const cancel = () => {
    screen.notice(style.dim('cancelling … (Ctrl-C again leaves)'));
    conversation.cancel();
  };
  return interrupts.during(cancel, begin);
}

function report({ screen, style }: ChatSetting, outcome: TurnOutcome): void {
  screen.endLine();
  if (outcome.status === 'cancelled') screen.notice(style.yellow('cancelled'));
  if (outcome.status === 'error') {
    screen.notice(style.red(`the turn failed${outcome.error ? `: ${revealLine(outcome.error)}` : ''}`));
  }
}
