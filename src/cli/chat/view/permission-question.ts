import type { PermissionDecision } from '#domain/permission/permission.ts';
import type { PermissionRequestView } from '#domain/protocol/views/permission-request.ts';
import type { Interrupts } from '../terminal/interrupts.ts';
import type { PromptInput } from '../terminal/prompt-input.ts';
import { revealLine } from '../terminal/sanitize.ts';
import type { Screen } from '../terminal/screen.ts';
import type { Style } from '../terminal/style.ts';
import { permissionCard } from './render-tool.ts';

export type Decide = (
  request: PermissionRequestView,
  signal: AbortSignal,
) => Promise<PermissionDecision | 'cancel'>;

const ANSWERS: Record<string, PermissionDecision> = {
  y: 'allow',
  yes: 'allow',
  s: 'allow_session',
  session: 'allow_session',
  n: 'deny',
  no: 'deny',
};

/** Null for anything that is no clear answer. */
export function parseDecision(text: string): PermissionDecision | null {
  const word = text.trim().toLowerCase();
  return Object.hasOwn(ANSWERS, word) ? (ANSWERS[word] ?? null) : null;
}

/** Shows the card and asks until the answer is clear. The end of input denies. */
export function askPerson(deps: {
  input: PromptInput;
  screen: Screen;
  style: Style;
  interrupts: Interrupts;
}): Decide {
  const text = `${deps.style.bold('Allow?')} [y]es once / [s]ession / [n]o `;
  return async (request, signal) => {
    deps.screen.notice(...permissionCard(request, deps.style));
    try {
      for (;;) {
        const answer = await deps.input.ask({ text, signal, isFresh: true });
        if (answer.kind === 'end') return 'deny';
        if (answer.kind === 'interrupt') {
          deps.interrupts.raise();
          return 'cancel';
        }
        const decision = parseDecision(answer.text);
        if (decision) return decision;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      deps.screen.notice('', deps.style.dim('  (settled elsewhere)'));
      return 'deny';
    }
  };
}

/** Nobody to ask: everything or nothing, and said so. */
export function answerWithoutPerson(deps: { isAllowed: boolean; screen: Screen; style: Style }): Decide {
  return async (request) => {
    const what = `${revealLine(request.tool_name)} (${revealLine(request.action)})`;
    if (deps.isAllowed) {
      deps.screen.notice(`allowed by --yes: ${what}`);
      return 'allow';
    }
    deps.screen.notice(...permissionCard(request, deps.style));
    deps.screen.notice(`denied: ${what} needs permission and nobody can be asked; --yes allows it`);
    return 'deny';
  };
}
