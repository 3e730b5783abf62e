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

  function renderMessage(view: MessageView): Output[] {
    const shown = messages.get(view.ID);
    if (shown?.view === view || view.Role !== 'assistant') return [];
    const before = shown?.text ?? '';
    const text = shownText(view);
    const outputs: Output[] = [];
    const isThinking = text === '' && view.Parts.some((part) => part.type === 'reasoning');
    const isThinkingShown = shown?.isThinkingShown ?? false;
    if (isThinking && !isThinkingShown) outputs.push(notice(style.dim('… thinking')));
    messages.set(view.ID, { view, text, isThinkingShown: isThinkingShown || isThinking });
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
    messages.set(view.ID, { view, text: '', isThinkingShown: true });
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
        ...views.filter(({ Role }) => Role !== 'tool').flatMap(renderMessage),
        ...calls.flatMap(renderToolCall),
        ...views.filter(({ Role }) => Role === 'tool').flatMap(renderChanges),
        ...renderTodos(state),
      ];
    },
    skip(state) {
      for (const view of state.messages.values()) {
        messages.set(view.ID, { view, text: textOf(view), isThinkingShown: true });
      }
      for (const view of state.toolCalls.values()) {
        toolCalls.set(view.id, { view, lines: outputLines(view.result ?? ''), isHeaderShown: true });
      }
      todos = state.todos;
    },
  };
}

/** The first half of a line end that is still to come waits for the other. */
function shownText(view: MessageView): string {
  const text = textOf(view);
  return text.endsWith('\r') && !isFinished(view) ? text.slice(0, -1) : text;
}

function notice(...lines: string[]): Output {
  return { channel: 'notice', lines };
}
