import type { Conversation } from './conversation.ts';
import type { Target } from './credentials.ts';
import type { ApiClient } from './link/api-client.ts';
import type { ChatOptions } from './options.ts';
import type { Interrupts } from './terminal/interrupts.ts';
import type { PromptInput } from './terminal/prompt-input.ts';
import type { Screen } from './terminal/screen.ts';
import type { Style } from './terminal/style.ts';
import type { Decide } from './view/permission-question.ts';

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
