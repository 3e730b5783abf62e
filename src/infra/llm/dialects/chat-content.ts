import { type Json, objects, stringOf } from './json.ts';

export interface Segment {
  kind: 'content' | 'reasoning' | 'refusal';
  text: string;
}

/** The words of one delta in order, wherever the provider puts them. */
export function segmentsOf(delta: Json, details: readonly Json[]): Segment[] {
  const reasoning = reasoningOf(delta) || details.map(detailText).join('');
  return [
    { kind: 'reasoning', text: reasoning },
    ...contentOf(delta.content),
    { kind: 'refusal', text: stringOf(delta.refusal) },
  ];
}

/** Both fields may hold the same. */
function reasoningOf({ reasoning_content: content, reasoning, thinking }: Json): string {
  for (const value of [content, reasoning, thinking]) {
    const text = textIn(value);
    if (text !== '') return text;
  }
  return '';
}

function contentOf(content: unknown): Segment[] {
  if (typeof content === 'string') return [{ kind: 'content', text: content }];
  const parts = Array.isArray(content) ? content : [content];
  return parts.flatMap((part): Segment[] => {
    if (typeof part === 'string') return [{ kind: 'content', text: part }];
    const [source] = objects([part]);
    if (!source) return [];
    if (source.type === 'thinking' || source.type === 'reasoning') {
      return [{ kind: 'reasoning', text: textIn(source.thinking ?? source.reasoning ?? source.text) }];
    }
    if (source.type === 'refusal') return [{ kind: 'refusal', text: stringOf(source.refusal) }];
    return [{ kind: 'content', text: stringOf(source.text) }];
  });
}

function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  const parts = Array.isArray(value) ? value : [value];
  return parts
    .map((part) => (typeof part === 'string' ? part : objects([part]).map(detailText).join('')))
    .join('');
}

function detailText({ text, summary, content }: Json): string {
  return stringOf(text) || stringOf(summary) || stringOf(content);
}
