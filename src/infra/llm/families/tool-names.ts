import { createHash } from 'node:crypto';
import { UNNAMED_TOOL } from '../dialects/chat-calls.ts';

const MAX_LENGTH = 64;

/**
 * A name as every family takes it in a history. A model may have called a tool that does not exist, by a name
 * that its own provider refuses when it comes back.
 */
export function mendToolName(name: string): string {
  const clean = name.trim().replace(/[^a-zA-Z0-9_-]/g, '_');
  if (clean === '') return UNNAMED_TOOL;
  if (clean.length <= MAX_LENGTH) return clean;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${clean.slice(0, MAX_LENGTH - 9)}_${digest}`;
}
