import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import type { Terminals } from './ports.ts';
import type { Terminal } from './terminal.ts';

/** The one authorization of terminals: a foreign id answers as a missing one. */
export function getOwnedTerminal(terminals: Terminals, { actor }: Context, id: string): Terminal {
  const terminal = actor.kind === 'user' ? terminals.get(actor.userId, id) : null;
  if (!terminal) throw notFound('Terminal');
  return terminal;
}
