import { API } from '#domain/protocol/http/endpoints.ts';
import { within } from '#shared/async/within.ts';
import type { HttpDeps } from '../deps.ts';
import { ok, type Route, route } from '../kit/route.ts';

const CHECK_TIMEOUT_MS = 2_000;
const RETRY_AFTER = { 'retry-after': '5' };

type CheckState = 'ok' | 'failing';

export function systemRoutes(deps: Pick<HttpDeps, 'checks' | 'draining'>): Route[] {
  return [
    route(API.system.health, () => ok({ status: 'healthy' })),
    route(API.system.ready, async () => {
      const checks = await runChecks(deps.checks);
      const draining = deps.draining();
      const ready = !draining && Object.values(checks).every((state) => state === 'ok');
      if (ready) return ok({ status: 'ready', checks });
      const status = draining ? ('draining' as const) : ('not_ready' as const);
      return { status: 503 as const, body: { status, checks }, headers: RETRY_AFTER };
    }),
  ];
}

async function runChecks(checks: HttpDeps['checks']): Promise<Record<string, CheckState>> {
  const states = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await runCheck(check)] as const),
  );
  return Object.fromEntries(states);
}

async function runCheck(check: () => Promise<void>): Promise<CheckState> {
  const outcome = check().then(
    () => 'ok' as const,
    () => 'failing' as const,
  );
  return await within(outcome, CHECK_TIMEOUT_MS, () => 'failing' as const);
}
