import { z } from 'zod';
import { emit } from '#domain/events/index.ts';
import { type Session, summarizeTodos, type Todo, toSessionView, toTodoView } from '#domain/session/index.ts';
import { defineTool, plan } from '../tool.ts';

const Item = z.strictObject({
  content: z.string().min(1).max(1000).describe('What has to be done, as an instruction'),
  status: z.enum(['pending', 'in_progress', 'completed']).describe('How far it is'),
  active_form: z.string().max(1000).describe('The same as an activity, shown while it is being done'),
});

const Input = z.strictObject({
  todos: z.array(Item).max(200).describe('The whole list; it takes the place of the one before'),
});

const DESCRIPTION = `Keeps the list of what is to be done in this session, which the user sees.

Use it for work of three or more steps: write the list first, have exactly one item in_progress while working on it, and mark an item completed as soon as it is done, before the next one begins. Skip it for small or purely informational requests.`;

export const todosTool = defineTool({
  name: 'todos',
  description: DESCRIPTION,
  input: Input,
  async prepare(input, { session, readTodos }) {
    const todos = input.todos.map<Todo>(({ content, status, active_form }) => ({
      content,
      status,
      activeForm: active_form,
    }));
    return plan({
      effect: 'none',
      async run() {
        const { counts, metadata } = compare(await readTodos(), todos);
        return {
          content: `The todo list has been updated.\n\n${counts}`,
          metadata,
          todos,
          async commit(tx) {
            const stored = await tx.repositories.sessions.setTodos(session.id, todos, tx.clock.now());
            await emit(tx, { Type: 'todos_update', session_id: session.id, ...summarizeTodos(todos) });
            await emit(tx, { Type: 'session_update', session_id: session.id, ...toSessionView(stored) });
          },
        };
      },
    });
  },
});

function compare(before: Session['todos'], todos: readonly Todo[]) {
  const statusBefore = new Map(before.map((todo) => [todo.content, todo.status]));
  const { completed, in_progress, pending, total } = summarizeTodos(todos);
  const justCompleted = todos
    .filter(({ content, status }) => status === 'completed' && statusBefore.get(content) !== 'completed')
    .map(({ content }) => content);
  const started = todos.find(
    ({ content, status }) => status === 'in_progress' && statusBefore.get(content) !== 'in_progress',
  );
  return {
    counts: `Status: ${pending} pending, ${in_progress} in progress, ${completed} completed`,
    metadata: {
      is_new: before.length === 0,
      todos: todos.map(toTodoView),
      ...(justCompleted.length > 0 && before.length > 0 ? { just_completed: justCompleted } : {}),
      ...(started ? { just_started: started.activeForm || started.content } : {}),
      completed,
      total,
    },
  };
}
