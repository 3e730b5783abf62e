import type { SandboxHost } from './host.ts';

/** Hosts that take new projects, the one with the fewest active ones first; hosts that are equal in any order. */
export async function byLoad(hosts: readonly SandboxHost[]): Promise<SandboxHost[]> {
  const asked = await Promise.all(
    hosts.map(async (host) => {
      const health = await host.health().catch(() => null);
      if (health?.status !== 'ok') return [];
      return [{ host, load: health.active_sessions + health.running, order: Math.random() }];
    }),
  );
  return asked
    .flat()
    .sort((a, b) => a.load - b.load || a.order - b.order)
    .map(({ host }) => host);
}
