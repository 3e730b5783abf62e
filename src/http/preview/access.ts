import { DomainError, isDomainError } from '#domain/errors.ts';
import type { Bus } from '#domain/events/index.ts';
import type { PreviewGrant } from '#domain/preview/index.ts';
import type { Project } from '#domain/project/index.ts';
import type { Clock } from '#shared/clock.ts';

/** How old the last look at a grant may be. */
const FRESH_MS = 5_000;
const MAX_REMEMBERED = 2_000;

export interface PreviewAccessDeps {
  /** Throws when the grant no longer holds. */
  check(grant: PreviewGrant): Promise<Project>;
  bus: Pick<Bus, 'subscribe'>;
  maxPerUser: number;
  clock: Clock;
}

/** Who may use previews now, and what is open on whose behalf. */
export interface PreviewAccess {
  /** Throws what the check throws. What was seen within five seconds holds, unless it has to be `fresh`. */
  admit(grant: PreviewGrant, fresh?: 'fresh'): Promise<Project>;
  /** `end` is called when the grant is lost; the answer tells that it is over. Throws `too_many_requests`. */
  track(grant: PreviewGrant, end: () => void): () => void;
  close(): void;
}

interface Open {
  grant: PreviewGrant;
  end(): void;
}

export function createPreviewAccess({ check, bus, maxPerUser, clock }: PreviewAccessDeps): PreviewAccess {
  const known = new Map<string, { grant: PreviewGrant; project: Project; until: number }>();
  const open = new Set<Open>();
  const perUser = new Map<string, number>();
  const keyOf = ({ projectId, loginSessionId }: PreviewGrant) => `${projectId}:${loginSessionId}`;

  function lose(isLost: (grant: PreviewGrant) => boolean): void {
    for (const [key, { grant }] of known) if (isLost(grant)) known.delete(key);
    for (const one of [...open]) if (isLost(one.grant)) one.end();
  }

  async function admit(grant: PreviewGrant, fresh?: 'fresh'): Promise<Project> {
    const key = keyOf(grant);
    const hit = known.get(key);
    if (fresh === undefined && hit && clock.now() < hit.until) return hit.project;
    const project = await check(grant);
    known.delete(key);
    known.set(key, { grant, project, until: clock.now() + FRESH_MS });
    for (const oldest of known.keys()) if (known.size > MAX_REMEMBERED) known.delete(oldest);
    return project;
  }

  /** Hints may be lost. */
  async function lookAgain(): Promise<void> {
    const now = clock.now();
    lose(({ expiresAt }) => now >= expiresAt);
    const grants = new Map([...open].map(({ grant }) => [keyOf(grant), grant]));
    for (const [key, grant] of grants) {
      await admit(grant).catch((error: unknown) => {
        if (isDomainError(error) && error.code !== 'unavailable') lose((one) => keyOf(one) === key);
      });
    }
  }

  const unsubscribe = [
    bus.subscribe('access_revoked', ({ userId, loginSessionId }) =>
      lose(
        (grant) =>
          grant.userId === userId &&
          (loginSessionId === undefined || grant.loginSessionId === loginSessionId),
      ),
    ),
    bus.subscribe('project_deleted', ({ projectId }) => lose((grant) => grant.projectId === projectId)),
  ];
  const ticker = setInterval(() => void lookAgain(), FRESH_MS);
  ticker.unref();

  return {
    admit,
    track(grant, end) {
      const { userId } = grant;
      const count = perUser.get(userId) ?? 0;
      if (count >= maxPerUser) {
        throw new DomainError('too_many_requests', 'Too many requests to previews at once', {
          retryAfterSeconds: 1,
        });
      }
      perUser.set(userId, count + 1);
      const one = { grant, end };
      open.add(one);
      return () => {
        if (!open.delete(one)) return;
        const left = (perUser.get(userId) ?? 1) - 1;
        if (left > 0) perUser.set(userId, left);
        else perUser.delete(userId);
      };
    },
    close() {
      clearInterval(ticker);
      for (const stop of unsubscribe) stop();
      lose(() => true);
    },
  };
}
