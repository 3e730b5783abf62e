import type { ModelRequest, PromptMessage, PromptToolResult } from '#domain/provider/index.ts';
import { truncate } from '#shared/text.ts';
import { type DemoCommand, parseCommands } from './commands.ts';

export interface DemoCall {
  name: string;
  input: Record<string, unknown>;
}

/** What the demo model does in one step: some text, then at most one tool call. */
export interface DemoStep {
  text: string;
  call: DemoCall | null;
}

const INTRODUCTION =
  'I am the offline demo model: a few fixed rules, no language model. I can be used without any key to see how ' +
  'the platform works. I understand:\n\n' +
  '- `run COMMAND`\n- `create FILE with TEXT`\n- `read FILE`\n- `search TEXT in PATH`\n- `find PATTERN`\n' +
  '- `list DIRECTORY`\n- `replace A with B in FILE`\n- `todo: one, two, three`\n- `count to 20`\n\n' +
  'Several of them can be joined with "then". Configure a provider to talk to a real model.';
const MAX_TITLE_LENGTH = 50;
const MAX_TITLE_TOKENS = 100;
const MAX_QUOTE_LENGTH = 600;

/** Decides by the request alone, so the same history always gives the same step. */
export function planStep(request: ModelRequest): DemoStep {
  const { messages, tools } = request;
  const at = messages.findLastIndex((message) => userText(message) !== '');
  const prompt = at < 0 ? '' : userText(messages[at]);
  if (tools.length === 0) return { text: withoutTools(request, prompt), call: null };
  const commands = parseCommands(prompt);
  const [only] = commands;
  if (!only) return { text: INTRODUCTION, call: null };
  if (commands.length === 1 && only.type === 'count') return { text: countTo(only.to), call: null };
  const calls = toCalls(commands, messages.slice(0, at));
  const results = messages
    .slice(at + 1)
    .flatMap((message) => (message.role === 'tool' ? message.results : []));
  const failed = results.find(({ isError }) => isError);
  if (failed) return { text: describeFailed(failed), call: null };
  const next = calls[results.length];
  if (!next) return { text: summarise(results), call: null };
  if (!tools.some(({ name }) => name === next.name)) {
    return { text: `I would need the tool ${next.name}, which is not available here.`, call: null };
  }
  return { text: `${announce(next)}\n`, call: next };
}

/** Of a message; the expressions below take longer than its length. */
const MAX_LOOKED_AT = 8192;
const REMINDER = /<(system[-_]reminder|file|info|think)\b[^>]*>[\s\S]*?<\/\1>/g;

/** What the person wrote, without the blocks that the platform adds; '' for other messages. */
function userText(message: PromptMessage | undefined): string {
  if (message?.role !== 'user') return '';
  const text = message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
  return truncate(text, MAX_LOOKED_AT).replace(REMINDER, '').trim();
}

function withoutTools(request: ModelRequest, prompt: string): string {
  const limit = request.maxTokens ?? request.selection.maxTokens;
  if (limit > MAX_TITLE_TOKENS) return summariseHistory(request.messages);
  return title(prompt);
}

const FENCED = /```[\s\S]*?(?:```|$)/g;
/** What clients write around the files that a person attached. */
const ATTACHED = /^(?:context files|files?|folders?|directory):.*$/gim;

/** The first paragraph of what the person wrote, without what leads in to it and without attached files. */
function title(prompt: string): string {
  const paragraphs = prompt
    .replace(FENCED, '')
    .replace(ATTACHED, '')
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s+/g, ' ').trim())
    .filter((paragraph) => paragraph !== '');
  const isLedIn = paragraphs.length > 1 && paragraphs[0]?.endsWith(':');
  const short = truncate(paragraphs[isLedIn ? 1 : 0] ?? '', MAX_TITLE_LENGTH);
  return short === '' || short.endsWith(':')
    ? 'Demo session'
    : short.charAt(0).toUpperCase() + short.slice(1);
}

function summariseHistory(messages: PromptMessage[]): string {
  const prompts = messages.map(userText).filter((text) => text !== '');
  const calls = messages.flatMap((message) => (message.role === 'tool' ? message.results : []));
  const asked = prompts.slice(0, -1).map((text) => `- ${truncate(text.replace(/\s+/g, ' '), 120)}`);
  return `Summary by the offline demo model. ${calls.length} tool calls were made. The user asked:\n${asked.join('\n')}`;
}

function countTo(limit: number): string {
  return Array.from({ length: limit }, (_, index) => index + 1).join(' ');
}

/** An edit needs a file that was read before; the demo reads it first unless the history shows that it knows it. */
function toCalls(commands: DemoCommand[], history: PromptMessage[]): DemoCall[] {
  const known = knownFiles(history);
  const calls: DemoCall[] = [];
  for (const command of commands) {
    if (command.type === 'replace' && !known.has(command.file)) {
      calls.push({ name: 'view', input: { file_path: command.file } });
    }
    const call = toCall(command);
    if (!call) continue;
    calls.push(call);
    const file = call.input.file_path;
    if (typeof file === 'string') known.add(file);
  }
  return calls;
}

function knownFiles(history: PromptMessage[]): Set<string> {
  const files = new Set<string>();
  for (const message of history) {
    if (message.role !== 'assistant') continue;
    for (const part of message.parts) {
      if (part.type !== 'tool_call' || typeof part.input !== 'object' || part.input === null) continue;
      const file = (part.input as Record<string, unknown>).file_path;
      if (typeof file === 'string') files.add(file);
    }
  }
  return files;
}

function toCall(command: DemoCommand): DemoCall | null {
  switch (command.type) {
    case 'run':
      return {
        name: 'bash',
        input: { description: truncate(`Run ${command.command}`, 60), command: command.command },
      };
    case 'create':
      return { name: 'write', input: { file_path: command.file, content: command.text } };
    case 'read':
      return { name: 'view', input: { file_path: command.file } };
    case 'search':
      return {
        name: 'grep',
        input: { pattern: command.pattern, ...(command.path ? { path: command.path } : {}) },
      };
    case 'find':
      return { name: 'glob', input: { pattern: command.pattern } };
    case 'list':
      return { name: 'ls', input: command.path ? { path: command.path } : {} };
    case 'replace':
      return {
        name: 'edit',
        input: { file_path: command.file, old_string: command.from, new_string: command.to },
      };
    case 'todo':
      return { name: 'todos', input: { todos: command.items.map(toTodo) } };
    case 'count':
      return null;
  }
}

function toTodo(content: string, index: number): Record<string, string> {
  return { content, status: index === 0 ? 'in_progress' : 'pending', active_form: `Working on: ${content}` };
}

function announce({ name, input }: DemoCall): string {
  const subject = input.command ?? input.file_path ?? input.pattern ?? input.path;
  return typeof subject === 'string' ? `I call \`${name}\` on \`${subject}\`.` : `I call \`${name}\`.`;
}

function summarise(results: PromptToolResult[]): string {
  const last = results.at(-1);
  if (!last) return 'Nothing to do.';
  const names = results.map(({ toolName }) => toolName).join(', ');
  return `Done: ${names}. The last result was:\n\n${quote(last.text)}`;
}

function describeFailed({ toolName, text }: PromptToolResult): string {
  const refused = /denied|refused|declined|rejected|not permitted/i.test(text);
  const what = refused ? `The call of ${toolName} was refused` : `The call of ${toolName} failed`;
  return `${what}, so I stop here. It said:\n\n${quote(text)}`;
}

function quote(text: string): string {
  const short = truncate(text.trim(), MAX_QUOTE_LENGTH);
  return `\`\`\`\n${short === '' ? '(nothing)' : short}\n\`\`\``;
}
