import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectionOf } from '#client/collection.ts';
import { type ConversationState, emptyConversation, type ReceivedFrame } from '#client/conversation-state.ts';
import { applyFrame } from '#client/reducer.ts';
import type { MessagePart } from '#domain/message/message.ts';
import type { MessageView } from '#domain/protocol/views/message.ts';
import type { ToolCallView } from '#domain/protocol/views/tool-call.ts';
import { createStyle } from '../terminal/style.ts';
import { createRenderer } from './render.ts';
import { permissionCard } from './render-tool.ts';

const style = createStyle(false);
const newRenderer = () => createRenderer({ style, width: 60 });
const base = emptyConversation('s');

function withMessage(view: MessageView): ConversationState {
  const messages = collectionOf([view], ({ ID }) => ID);
  return { ...base, messages, changed: { messages: [view.ID], toolCalls: [] } };
}
function withText(text: string, extra: MessagePart[] = []): ConversationState {
  const view = {
    ID: 'm',
    Role: 'assistant' as const,
    SessionID: 's',
    Parts: [{ type: 'text' as const, text }, ...extra],
    Model: '',
    Provider: '',
    CreatedAt: 1,
    UpdatedAt: 1,
    IsSummaryMessage: false,
  };
  return withMessage(view);
}
function withCalls(...calls: Array<Partial<ToolCallView>>): ConversationState {
  const views = calls.map((call) => {
    const defaults = { id: 't', session_id: 's', name: 'bash', status: 'running' as const, is_error: false };
    return { ...defaults, created_at: 1, updated_at: 1, input: '{"command":"make"}', ...call };
  });
  return {
    ...base,
    toolCalls: collectionOf(views, ({ id }) => id),
    changed: { messages: [], toolCalls: views.map(({ id }) => id) },
  };
}
const linesOf = (outputs: ReturnType<ReturnType<typeof newRenderer>['render']>) =>
  outputs.flatMap((output) => (output.channel === 'notice' ? output.lines : [output.text]));

describe('the renderer', () => {
  it('adds only what is new', () => {
    const renderer = newRenderer();
    expect(linesOf(renderer.render(withText('He')))).toEqual(['He']);
    expect(linesOf(renderer.render(withText('Hello')))).toEqual(['llo']);
    expect(linesOf(renderer.render(withText('Hello')))).toEqual([]);
  });

  it('says when an answer was begun anew', () => {
    const renderer = newRenderer();
    renderer.render(withText('Wrong'));
    expect(linesOf(renderer.render(withText('Right')))).toEqual(['… the answer was begun anew', 'Right']);
  });

  it('shows nothing of what was skipped', () => {
    const renderer = newRenderer();
    renderer.skip(withText('old'));
    expect(linesOf(renderer.render(withText('old and new')))).toEqual([' and new']);
  });

  it('shows line ends as such, however a model writes them and wherever its text is cut', () => {
    const renderer = newRenderer();
    const shown = ['one\r', 'one\r\ntwo\r\n', 'one\r\ntwo\r\nthree\r'].map((text) =>
      linesOf(renderer.render(withText(text))).join(''),
    );
    expect(shown.join('')).toBe('one\ntwo\nthree');
    const end: MessagePart = { type: 'finish', reason: 'end_turn', time: 1 };
    const last = renderer.render(withText('one\r\ntwo\r\nthree\r', [end]));
    expect(linesOf(last).join('')).toBe('␍');
  });

  it('reads a long answer once, not for each piece of it', () => {
    const renderer = newRenderer();
    let reads = 0;
    let text = '';
    const stateAfter = (piece: string, before?: MessageView): ConversationState => {
      text += piece;
      const whole = text;
      const [view] = withText('').messages.values();
      if (!view) throw new Error('no message');
      const part = {
        type: 'text' as const,
        get text() {
          reads += 1;
          return whole;
        },
      };
      const state = withMessage({ ...view, Parts: [part] });
      return before
        ? { ...state, changed: { ...state.changed, appended: { to: before, text: piece } } }
        : state;
    };
    const shown: string[] = [];
    let before: MessageView | undefined;
    for (let n = 0; n < 1000; n++) {
      const state = stateAfter(`${n} `, before);
      before = state.messages.get('m');
      shown.push(...linesOf(renderer.render(state)));
    }
    expect(shown.join('')).toBe(text);
    expect(reads).toBeLessThan(5);
  });

  it('shows the same however an answer comes in pieces', () => {
    const piece = fc.stringMatching(/^[ab\r\n]{0,5}$/);
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1 }), (pieces) => {
        const renderer = newRenderer();
        let state = emptyConversation('s');
        const send = (frame: Partial<ReceivedFrame>) => {
          state = applyFrame(state, { session_id: 's', timestamp: 1, ...frame } as ReceivedFrame);
          return linesOf(renderer.render(state)).join('');
        };
        const delta = { Type: 'stream_delta', message_id: 'm' } as const;
        const shown = pieces.map((content) => send({ ...delta, delta_type: 'text', content }));
        shown.push(send({ ...delta, delta_type: 'finish', content: '', finish_reason: 'end_turn' }));
        expect(shown.join('')).toBe(pieces.join('').replaceAll('\r\n', '\n').replaceAll('\r', '␍'));
      }),
    );
  });

  it('takes up what was skipped in the middle of a line end', () => {
    const renderer = newRenderer();
    renderer.skip(withText('one\r'));
    expect(linesOf(renderer.render(withText('one\r\ntwo'))).join('')).toBe('\ntwo');
  });

  it('shows a call on one line, cut to the width', () => {
    const input = JSON.stringify({ command: `echo a\nrm ${'x'.repeat(200)}` });
    const [line] = linesOf(newRenderer().render(withCalls({ input })));
    expect(line).toMatch(/^● bash echo a␊rm x+…$/);
    expect(line?.length).toBeLessThanOrEqual(60);
  });

  it('shows the tail of a finished command', () => {
    const result = Array.from({ length: 20 }, (_, index) => `line ${index}`).join('\n');
    const lines = linesOf(newRenderer().render(withCalls({ status: 'completed', result })));
    expect(lines.slice(0, 3)).toEqual(['● bash make', '  … 8 more lines', '  line 8']);
    expect(lines.at(-1)).toBe('  line 19');
  });

  it('shows the output of a running command as it comes, and each line once', () => {
    const renderer = newRenderer();
    expect(linesOf(renderer.render(withCalls({ result: 'a\nb' })))).toEqual(['● bash make', '  a']);
    expect(linesOf(renderer.render(withCalls({ result: 'a\nb\n' })))).toEqual(['  b']);
    expect(linesOf(renderer.render(withCalls({ result: 'a\nb\nc', status: 'completed' })))).toEqual(['  c']);
  });

  it('follows running output whose beginning was cut off', () => {
    const renderer = newRenderer();
    renderer.render(withCalls({ result: 'a\nb\nc\n' }));
    expect(linesOf(renderer.render(withCalls({ result: '\nb\nc\nd\n' })))).toEqual(['  d']);
    expect(linesOf(renderer.render(withCalls({ result: 'x\ny\n' })))).toEqual(['  …', '  x', '  y']);
    const done = { status: 'completed' as const, result: 'a\nb\nc\nd\nx\ny\nz\n\n<cwd>/workspace</cwd>' };
    expect(linesOf(renderer.render(withCalls(done)))).toEqual(['  z']);
  });

  it('shows a change that nobody was asked about, and one that was asked about only on its card', () => {
    const metadata = JSON.stringify({ old_content: '1\n', new_content: '2\n' });
    const result = {
      type: 'tool_result' as const,
      tool_call_id: 't',
      name: 'edit',
      content: '',
      is_error: false,
    };
    const text = withText('');
    const [message] = text.messages.values();
    if (!message) throw new Error('no message');
    const tool = { ...message, ID: 'r', Role: 'tool' as const, Parts: [{ ...result, metadata }] };
    const state = withMessage(tool);
    expect(linesOf(newRenderer().render(state))).toEqual(['  @@ -1,1 +1,1 @@', '  -1', '  +2']);
    const asked = newRenderer();
    const ask = {
      id: 'p',
      session_id: 's',
      tool_name: 'edit',
      action: '',
      description: '',
      path: '',
      params: {},
    };
    const permissions = new Map([['t', { ...ask, tool_call_id: 't', expires_at: null }]]);
    asked.render({ ...base, permissions });
    expect(linesOf(asked.render(state))).toEqual([]);
  });

  it('names the call again when output of parallel calls alternates', () => {
    const renderer = newRenderer();
    renderer.render(withCalls({ id: '1' }, { id: '2', input: '{"command":"ls"}' }));
    const done = { status: 'completed' as const, result: 'ok' };
    const state = withCalls({ id: '1', ...done }, { id: '2', input: '{"command":"ls"}', ...done });
    expect(linesOf(renderer.render(state))).toEqual(['● bash make', '  ok', '● bash ls', '  ok']);
  });

  it('shows the first line of an error, without its colours', () => {
    const call = { status: 'error' as const, is_error: true, result: '\u001b[31mno such file\nat x' };
    expect(linesOf(newRenderer().render(withCalls(call)))).toEqual(['● bash make', '  ✗ no such file']);
  });
});

describe('the permission card', () => {
  const card = (tool_name: string, params: unknown) => {
    const ask = { description: '', action: 'execute', path: '/workspace', expires_at: null };
    return permissionCard({ id: 'r', session_id: 's', tool_call_id: 't', tool_name, params, ...ask }, style);
  };

  it('shows a command in full with everything hidden made visible', () => {
    const command = `echo ok\u200b\u202e; curl evil\r\u001b[2K\n${'x'.repeat(500)}`;
    expect(card('bash', { command })).toEqual([
      '? bash wants to execute in /workspace',
      '  $ echo ok<U+200B><U+202E>; curl evil␍␛[2K',
      `    ${'x'.repeat(500)}`,
    ]);
  });

  it('shows a change as a diff and a new file as additions', () => {
    expect(
      card('edit', { file_path: 'a\nb', old_content: 'one\ntwo\n', new_content: 'one\n2\n' }).slice(1),
    ).toEqual(['  a␊b', '  @@ -1,2 +1,2 @@', '   one', '  -two', '  +2']);
    expect(card('write', { file_path: 'n', new_content: 'hi\n' }).at(-1)).toBe('  +hi');
  });

  it('says how much of a long change it leaves out', () => {
    const content = Array.from({ length: 1000 }, (_, index) => `${index}`).join('\n');
    expect(card('write', { file_path: 'n', new_content: content }).at(-1)).toMatch(
      /… \d+ more lines of this change/,
    );
  });

  it('colours additions and removals', () => {
    const params = { file_path: 'a', old_content: '1\n', new_content: '2\n' };
    const ask = { description: '', action: 'write', path: '', expires_at: null, params };
    const request = { id: 'r', session_id: 's', tool_call_id: 't', tool_name: 'edit', ...ask };
    const lines = permissionCard(request, createStyle(true));
    expect(lines).toContain('\u001b[31m  -1\u001b[39m');
    expect(lines).toContain('\u001b[32m  +2\u001b[39m');
  });
});
