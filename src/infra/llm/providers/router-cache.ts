type Body = Record<string, unknown>;

const MARK = { cache_control: { type: 'ephemeral' } };

/** Claude caches over the router only what is marked: the system message and the last two of the others. */
export function markForRouterCache(body: Body): Body {
  const { messages } = body;
  if (!/claude/i.test(String(body.model)) || !Array.isArray(messages)) return body;
  const lastSystem = messages.findLastIndex((message) => roleOf(message) === 'system');
  return {
    ...body,
    messages: messages.map((message, index) =>
      index === lastSystem || (roleOf(message) !== 'system' && index >= messages.length - 2)
        ? marked(message as Body)
        : message,
    ),
  };
}

function roleOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null ? Reflect.get(message, 'role') : null;
}

/** The mark stands at the last part of the content, which has to be a list for that. */
function marked(message: Body): Body {
  const { content } = message;
  const parts: unknown[] =
    typeof content === 'string' && content !== ''
      ? [{ type: 'text', text: content }]
      : Array.isArray(content)
        ? content
        : [];
  if (parts.length === 0) return message;
  const last: unknown = parts.at(-1);
  return { ...message, content: [...parts.slice(0, -1), { ...(last as Body), ...MARK }] };
}
