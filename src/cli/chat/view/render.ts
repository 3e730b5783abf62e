import { type ConversationState, isFinished, textOf } from '#client/conversation-state.ts';
import type { MessageView } from '#domain/protocol/views/message.ts';
import { isOpen, type ToolCallView } from '#domain/protocol/views/tool-call.ts';
import { revealLine, sanitizeText } from '../terminal/sanitize.ts';
import type { Style } from '../terminal/style.ts';
import {
  freshLines,
  indentLine,
  outputLines,
  recordedChange,
  runningLines,
  toolHeader,
  toolResult,
} from './render-tool.ts';

/** A piece of the answer as it streams, or whole lines about what happens. Clean of foreign control characters. */
export type Output =
  | { channel: 'answer'; text: string; isNewMessage: boolean }
  | { channel: 'notice'; lines: string[] };

export interface RendererOptions {
  style: Style;
  width: number;
}

/** Remembers what was shown and turns each new state, none left out, into what is to be added. */
export interface Renderer {
  render(state: ConversationState): Output[];
  /** Takes everything in the state as shown. */
  skip(state: ConversationState): void;
}

interface ShownMessage {
  view: MessageView;
  text: string;
  /** The first half of a line end, or nothing: shown with its other half. */
  held: string;
  isThinkingShown: boolean;
}

interface ShownToolCall {
  view: ToolCallView;
  /** The output that was last shown while it ran. */
  lines: readonly string[];
  isHeaderShown: boolean;
}

export function createRenderer(options: RendererOptions): Renderer {
  const { style } = options;
  const messages = new Map<string, ShownMessage>();
  const toolCalls = new Map<string, ShownToolCall>();
  /** Calls whose change was shown. */
  const asked = new Set<string>();
  let todos: ConversationState['todos'] = [];
  /** The call whose lines were shown last: output of parallel calls needs its header again. */
  let lastToolCall = '';

  function renderMessage(view: MessageView, { appended }: ConversationState['changed']): Output[] {
    const shown = messages.get(view.ID);
    if (shown?.view === view || view.Role !== 'assistant') return [];
    if (appended && shown?.view === appended.to) return renderAppended(view, shown, appended.text);
    const before = shown?.text ?? '';
    const { text, held } = shownText(view);
    const outputs: Output[] = [];
    const isThinking = text === '' && view.Parts.some((part) => part.type === 'reasoning');
    const isThinkingShown = shown?.isThinkingShown ?? false;
    if (isThinking && !isThinkingShown) outputs.push(notice(style.dim('… thinking')));
    messages.set(view.ID, { view, text, held, isThinkingShown: isThinkingShown || isThinking });
    if (text.startsWith(before)) {
      const added = sanitizeText(text.slice(before.length));
      if (added !== '') outputs.push({ channel: 'answer', text: added, isNewMessage: before === '' });
    } else {
      outputs.push(notice(style.dim('… the answer was begun anew')), {
        channel: 'answer',
        text: sanitizeText(text),
        isNewMessage: true,
      });
    }
    if (text !== before) lastToolCall = '';
    return outputs;
  }

  /** Costs what is new, however long the message is: its text is joined and not read. */
  function renderAppended(view: MessageView, shown: ShownMessage, appended: string): Output[] {
    const { text, held } = holdBack((shown.held + appended).replaceAll('\r\n', '\n'));
    messages.set(view.ID, { ...shown, view, text: shown.text + text, held });
    if (text !== '') lastToolCall = '';
    const added = sanitizeText(text);
    return added === '' ? [] : [{ channel: 'answer', text: added, isNewMessage: shown.text === '' }];
  }

  function renderToolCall(view: ToolCallView): Output[] {
    const shown = toolCalls.get(view.id);
    if (shown?.view === view || view.status === 'pending') return [];
    const lines: string[] = [];
    const next = { view, lines: shown?.lines ?? [], isHeaderShown: true };
    const body = isOpen(view.status) ? runningBody(view, next) : finishedBody(view, next);
    const needsHeader = !shown?.isHeaderShown || (body.length > 0 && lastToolCall !== view.id);
    if (needsHeader) lines.push(toolHeader(view, style, options.width));
    lines.push(...body);
    toolCalls.set(view.id, next);
    if (lines.length === 0) return [];
    lastToolCall = view.id;
    return [notice(...lines)];
  }

  function runningBody(view: ToolCallView, shown: ShownToolCall): string[] {
    const lines = view.name === 'bash' ? runningLines(view.result ?? '') : [];
    if (lines.length === 0) return [];
    const fresh = freshLines(shown.lines, lines);
    shown.lines = lines;
    return fresh.map((line) => indentLine(line, style));
  }

  function finishedBody(view: ToolCallView, shown: ShownToolCall): string[] {
    const isSuccess = view.status === 'completed' && !view.is_error;
    if (shown.lines.length === 0 || !isSuccess) return toolResult(view, style);
    const rest = freshLines(shown.lines, outputLines(view.result ?? ''));
    return rest.map((line) => indentLine(line, style));
  }

  /** Changes that nobody was asked about are shown when their results arrive. */
  function renderChanges(view: MessageView): Output[] {
    if (messages.get(view.ID)?.view === view) return [];
    messages.set(view.ID, { view, text: '', held: '', isThinkingShown: true });
    return view.Parts.flatMap((part) => {
      if (part.type !== 'tool_result' || part.is_error || asked.has(part.tool_call_id)) return [];
      asked.add(part.tool_call_id);
      const lines = recordedChange(part.metadata, style);
      return lines.length > 0 ? [notice(...lines)] : [];
    });
  }

  function renderTodos(state: ConversationState): Output[] {
    if (state.todos === todos || state.todos.length === 0) return [];
    todos = state.todos;
    const mark = { completed: '☑', in_progress: '▸', pending: '☐' } as const;
    return [notice(...todos.map((todo) => `  ${mark[todo.status] ?? '☐'} ${revealLine(todo.content)}`))];
  }

  return {
    render(state) {
      for (const toolCallId of state.permissions.keys()) asked.add(toolCallId);
      const views = state.changed.messages.flatMap((id) => state.messages.get(id) ?? []);
      const calls = state.changed.toolCalls.flatMap((id) => state.toolCalls.get(id) ?? []);
      return [
        ...views.filter(({ Role }) => Role !== 'tool').flatMap((view) => renderMessage(view, state.changed)),
        ...calls.flatMap(renderToolCall),
        ...views.filter(({ Role }) => Role === 'tool').flatMap(renderChanges),
        ...renderTodos(state),
      ];
    },
    skip(state) {
      for (const view of state.messages.values()) {
        messages.set(view.ID, { view, ...shownText(view), isThinkingShown: true });
      }
      for (const view of state.toolCalls.values()) {
        toolCalls.set(view.id, { view, lines: outputLines(view.result ?? ''), isHeaderShown: true });
      }
      todos = state.todos;
    },
  };
}

function shownText(view: MessageView): Pick<ShownMessage, 'text' | 'held'> {
  const text = textOf(view);
  return isFinished(view) ? { text, held: '' } : holdBack(text);
}

/** The first half of a line end that is still to come waits for the other. */
function holdBack(text: string): Pick<ShownMessage, 'text' | 'held'> {
  return text.endsWith('\r') ? { text: text.slice(0, -1), held: '\r' } : { text, held: '' };
}

function notice(...lines: string[]): Output {
  return { channel: 'notice', lines };
}
