import type { ApiClient } from './api-client.ts';
import type { Conversation } from './conversation.ts';
import type { Target } from './credentials.ts';
import type { Interrupts } from './interrupts.ts';
import type { ChatOptions } from './options.ts';
import type { Decide } from './permission-question.ts';
import type { PromptInput } from './prompt-input.ts';
import type { Screen } from './screen.ts';
import type { Style } from './style.ts';

/** What both ways of chatting work with. */
export interface ChatSetting {
  options: ChatOptions;
  api: ApiClient;
  target: Target;
  screen: Screen;
  style: Style;
  interrupts: Interrupts;
  input: PromptInput | null;
  /** Attaches to the session; what is stored there counts as shown. */
  converse(sessionId: string, decide: Decide): Promise<Conversation>;
}
