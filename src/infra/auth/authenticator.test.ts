import { describe, expect, it } from 'vitest';
import type { Bus, BusMessages } from '#domain/events/index.ts';
import type { Access, AccessClaims } from '#domain/user/index.ts';
import { createAuthenticator } from './authenticator.ts';

interface State {
  now: number;
  checks: number;
  revoked: boolean;
  gate: Promise<void>;
}

function harness() {
  const state: State = { now: 1_000_000, checks: 0, revoked: false, gate: Promise.resolve() };
  const listeners = new Set<(message: BusMessages['access_revoked']) => void>();
  const bus = {
    subscribe: (_topic: string, listener: (message: never) => void) => {
      listeners.add(listener as (message: BusMessages['access_revoked']) => void);
      return () => listeners.delete(listener as never);
    },
  } as Pick<Bus, 'subscribe'>;
  const claimsOf = (token: string): AccessClaims => ({
    userId: token.split(':')[0] ?? '',
    username: 'u',
    loginSessionId: token,
    issuedAt: state.now,
    expiresAt: 1_000_000 + 3_600_000,
  });
  const authenticator = createAuthenticator({
    signer: { verify: async (token) => claimsOf(token) },
    verifyAccess: async (claims) => {
      state.checks++;
      const { revoked } = state;
      await state.gate;
      if (revoked) throw new Error('revoked');
      return {
        user: { id: claims.userId } as Access['user'],
        loginSessionId: claims.loginSessionId,
        expiresAt: claims.expiresAt,
      };
    },
    bus,
    clock: { now: () => state.now },
  });
  const revoke = (message: BusMessages['access_revoked']) => {
    for (const listener of listeners) listener(message);
  };
  return { state, authenticator, revoke, listeners };
}

describe('authenticator', () => {
  it('asks the database once for many requests, and again after thirty seconds', async () => {
    const { state, authenticator } = harness();
    for (let i = 0; i < 10; i++) await authenticator.authenticate('ada:1');
    expect(state.checks).toBe(1);
    state.now += 30_000;
    await authenticator.authenticate('ada:1');
    expect(state.checks).toBe(2);
  });

  it('forgets a revoked login at once and leaves the others alone', async () => {
    const { state, authenticator, revoke } = harness();
    await authenticator.authenticate('ada:1');
    await authenticator.authenticate('ada:2');
    await authenticator.authenticate('bob:1');
    state.revoked = true;
    revoke({ userId: 'ada', loginSessionId: 'ada:1', reason: 'logout' });
    await expect(authenticator.authenticate('ada:1')).rejects.toThrow('revoked');
    await authenticator.authenticate('ada:2');
    revoke({ userId: 'ada', reason: 'revoked' });
    await expect(authenticator.authenticate('ada:2')).rejects.toThrow('revoked');
    await authenticator.authenticate('bob:1');
  });

  it('does not remember an answer that a revocation has overtaken', async () => {
    const { state, authenticator, revoke } = harness();
    let open = () => {};
    state.gate = new Promise((resolve) => {
      open = resolve;
    });
    const early = authenticator.authenticate('ada:1');
    await Promise.resolve();
    await Promise.resolve();
    state.revoked = true;
    revoke({ userId: 'ada', reason: 'revoked' });
    open();
    await early;
    await expect(authenticator.authenticate('ada:1')).rejects.toThrow('revoked');
  });

  it('refuses a remembered token after its end and stops listening when closed', async () => {
    const { state, authenticator, listeners } = harness();
    await authenticator.authenticate('ada:1');
    state.now += 3_600_000;
    await expect(authenticator.authenticate('ada:1')).rejects.toMatchObject({ code: 'token_expired' });
    authenticator.close();
    expect(listeners.size).toBe(0);
  });
});
