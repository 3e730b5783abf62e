import {
  type ScriptedRequest,
  type ScriptedStep,
  startScriptedModel,
} from '../../test/doubles/scripted-model/index.ts';
import { directiveIn } from '../lib/directive.ts';
import { monotonicOffsetMs } from '../lib/monotonic.ts';

/** Knows nothing but the conversation it is sent, so that any number of sessions may ask at once. */
function stepFor(request: ScriptedRequest): ScriptedStep {
  const messages = request.body.messages ?? [];
  const last = messages.findLastIndex(({ role }) => role === 'user');
  const directive = directiveIn(textOf(messages[last]?.content));
  if (directive === null) return { text: 'ok' };
  if (directive.kind === 'deltas') {
    return { deltas: directive.count, paceMs: directive.paceMs, stamp: directive.stamp };
  }
  const done = messages.slice(last + 1).filter(({ role }) => role === 'tool').length;
  if (done >= directive.count) return { text: 'done' };
  // Never the same call twice: that would be taken for a model that turns in circles. true(1) ignores the number.
  const input = { command: `true ${done}`, description: 'does nothing' };
  return { toolCalls: [{ id: `call_${messages.length}_${done}`, name: 'bash', input }] };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: { text?: unknown }) => (typeof part.text === 'string' ? part.text : ''))
    .join('\n');
}

async function main(): Promise<void> {
  const model = await startScriptedModel({ script: stepFor, title: 'bench' });
  // Nobody looks at them, and they would grow all the time.
  const forget = setInterval(() => model.requests.splice(0), 1000);
  process.once('SIGTERM', () => {
    clearInterval(forget);
    void model.close();
  });
  process.stdout.write(`${JSON.stringify({ url: model.url, monotonicOffsetMs: monotonicOffsetMs() })}\n`);
}

void main();
