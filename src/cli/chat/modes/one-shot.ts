import { EXIT } from '#config/errors.ts';
import type { ChatSetting } from '../setting.ts';
import { revealLine } from '../terminal/sanitize.ts';
import { answerWithoutPerson } from '../view/permission-question.ts';
import { chooseProject, titleOf } from '../workplace.ts';

/** One prompt, its answer on stdout, everything else on stderr. */
export async function runOnce(setting: ChatSetting, prompt: string): Promise<number> {
  const { options, api, screen, style, interrupts } = setting;
  const sessionId = options.session ?? (await newSession(setting, prompt));
  const decide = answerWithoutPerson({ isAllowed: options.yes ?? false, screen, style });
  const conversation = await setting.converse(sessionId, decide);
  const cancel = () => {
    screen.notice('cancelling …');
    conversation.cancel();
  };
  const outcome = await interrupts.during(cancel, () => conversation.ask(prompt, interrupts.exit));
  screen.endLine();
  if (outcome.status === 'completed') return EXIT.ok;
  const reason = outcome.error ? `: ${revealLine(outcome.error)}` : '';
  screen.notice(outcome.status === 'cancelled' ? 'crush: cancelled' : `crush: the turn failed${reason}`);
  return EXIT.failure;

  async function newSession(_: ChatSetting, title: string): Promise<string> {
    const { project } = await chooseProject(api, options.project, interrupts.exit);
    return api.createSession({ projectId: project.id, title: titleOf(title) }, interrupts.exit);
  }
}
