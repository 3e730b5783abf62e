import type { Todo } from '#domain/session/index.ts';

const INSTRUCTION = `Write a summary that takes the place of this conversation: whoever goes on will know nothing but this text. Do not call tools.

Say, in as much detail as is needed to go on without asking:
- what the user wants, in their own words where these matter, and what they ruled out;
- what has been done, with paths, names, commands and their outcome;
- what was found out about the project: structure, conventions, how to build and test;
- what failed, and why;
- the state at this moment, and the next steps in order.`;

export function summaryRequest(todos: readonly Todo[]): string {
  if (todos.length === 0) return INSTRUCTION;
  return `${INSTRUCTION}\n\nThe todo list at this moment, to be repeated with its states:\n${todoLines(todos)}`;
}

/** Stands behind the history, whose beginning it would otherwise change from step to step. */
export function todoReminder(todos: readonly Todo[]): string {
  return `<system_reminder>The todo list at this moment:\n${todoLines(todos)}\n</system_reminder>`;
}

function todoLines(todos: readonly Todo[]): string {
  return todos.map(({ status, content }) => `- [${status}] ${content}`).join('\n');
}

/** Follows a summary that was made in the middle of a turn. */
export function resumeRequest(prompt: string): string {
  return `The conversation so far was summarized above because it had become too long. Go on with the work where it was interrupted. The request was:\n\n${prompt}`;
}
