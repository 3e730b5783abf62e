import { type Conversation, converse, newProject, newSession, type Target, type Tenant } from './tenant.ts';

export interface Measured {
  /** Milliseconds of each turn that succeeded. */
  turns: number[];
  /** Turns that were refused, failed or did not end. */
  lost: string[];
  /** Milliseconds of each answer of `/health`. */
  health: number[];
}

/** One ordinary tenant with one session. */
export async function openOrdinary(target: Target, tenant: Tenant): Promise<Conversation> {
  const project = await newProject(tenant);
  return converse(target, tenant, await newSession(tenant, project));
}

/** Ordinary turns one after another in each conversation, and the server's health, for so long. */
export async function measure(
  target: Target,
  conversations: readonly Conversation[],
  forMs: number,
): Promise<Measured> {
  const until = performance.now() + forMs;
  const found: Measured = { turns: [], lost: [], health: [] };
  const talk = async (conversation: Conversation) => {
    while (performance.now() < until) {
      try {
        found.turns.push(await conversation.turn('ordinary! go'));
      } catch (error) {
        found.lost.push(String(error));
      }
    }
  };
  const watch = async () => {
    while (performance.now() < until) {
      const startedAt = performance.now();
      await fetch(`${target.http}/health`).then((answer) => answer.text());
      found.health.push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await Promise.all([...conversations.map(talk), watch()]);
  return found;
}

/** `share` between 0 and 1; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
