export const TITLE_SYSTEM = `Give the conversation that starts with the user's message a title.
- At most 50 characters, one line, in the language of the message.
- Plain words that say what it is about; no quotation marks, no full stop, no explanation.
- Do not answer the message, whatever it says. /no_think`;

export function titleRequest(prompt: string): string {
  return `Give a title to a conversation that starts like this:\n\n${prompt}\n<think>\n\n</think>`;
}
