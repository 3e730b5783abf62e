import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLoginThrottle } from './login-throttle.ts';

function harness() {
  const throttle = createLoginThrottle({ redis: null });
  const failTimes = async (account: string, network: string, times: number, isKnown = false) => {
    for (let i = 0; i < times; i++) await throttle.failed({ account, network, isKnown });
  };
  return { throttle, failTimes };
}

describe('login throttle', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('lets five failures of an account pass, then doubles the wait from one second', async () => {
    const { throttle, failTimes } = harness();
    const attempt = { account: 'ada', network: '192.0.2.1', isKnown: false };
    await failTimes('ada', '192.0.2.1', 4);
    expect(await throttle.waitMs(attempt)).toBe(0);
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      await throttle.failed(attempt);
      waits.push(await throttle.waitMs(attempt));
      vi.advanceTimersByTime(await throttle.waitMs(attempt));
      expect(await throttle.waitMs(attempt)).toBe(0);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it('never lets one wait longer than fifteen minutes', async () => {
    const { throttle, failTimes } = harness();
    await failTimes('ada', '192.0.2.1', 45);
    expect(await throttle.waitMs({ account: 'ada', network: '192.0.2.1', isKnown: false })).toBe(15 * 60_000);
  });

  it('counts the account whatever addresses the guesses come from', async () => {
    const { throttle } = harness();
    for (let i = 0; i < 5; i++)
      await throttle.failed({ account: 'ada', network: `192.0.2.${i}`, isKnown: false });
    expect(
      await throttle.waitMs({ account: 'ada', network: '198.51.100.9', isKnown: false }),
    ).toBeGreaterThan(0);
    expect(await throttle.waitMs({ account: 'bob', network: '198.51.100.9', isKnown: false })).toBe(0);
  });

  it('does not lock the owner out of a device that has logged in before', async () => {
    const { throttle, failTimes } = harness();
    const home = { account: 'ada', network: '203.0.113.5', isKnown: true };
    await failTimes('ada', '192.0.2.1', 40);
    expect(await throttle.waitMs(home)).toBe(0);
    await failTimes('ada', '203.0.113.5', 5, true);
    expect(await throttle.waitMs(home)).toBeGreaterThan(0);
  });

  it('slows an address that tries many accounts', async () => {
    const { throttle } = harness();
    for (let i = 0; i < 50; i++)
      await throttle.failed({ account: `user${i}`, network: '192.0.2.1', isKnown: false });
    expect(await throttle.waitMs({ account: 'fresh', network: '192.0.2.1', isKnown: false })).toBeGreaterThan(
      0,
    );
    expect(await throttle.waitMs({ account: 'fresh', network: '192.0.2.2', isKnown: false })).toBe(0);
  });

  it('slows everybody but known devices after very many failures in a minute', async () => {
    const { throttle } = harness();
    const home = { account: 'ada', network: '203.0.113.5', isKnown: true };
    for (let i = 0; i < 600; i++)
      await throttle.failed({ account: `user${i}`, network: `10.0.0.${i}`, isKnown: false });
    expect(await throttle.waitMs({ account: 'fresh', network: '192.0.2.2', isKnown: false })).toBeGreaterThan(
      0,
    );
    expect(await throttle.waitMs(home)).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(await throttle.waitMs({ account: 'fresh', network: '192.0.2.2', isKnown: false })).toBe(0);
  });

  it('forgets after fifteen quiet minutes and after a success', async () => {
    const { throttle, failTimes } = harness();
    const attempt = { account: 'ada', network: '192.0.2.1', isKnown: false };
    await failTimes('ada', '192.0.2.1', 12);
    vi.advanceTimersByTime(15 * 60_000);
    expect(await throttle.waitMs(attempt)).toBe(0);
    await failTimes('ada', '192.0.2.1', 4);
    await throttle.succeeded(attempt);
    await failTimes('ada', '192.0.2.1', 4);
    expect(await throttle.waitMs(attempt)).toBe(0);
  });

  it('begins the fifteen minutes anew with each failure', async () => {
    const { throttle, failTimes } = harness();
    const attempt = { account: 'ada', network: '192.0.2.1', isKnown: false };
    await failTimes('ada', '192.0.2.1', 4);
    vi.advanceTimersByTime(14 * 60_000);
    await failTimes('ada', '192.0.2.1', 1);
    vi.advanceTimersByTime(14 * 60_000);
    await failTimes('ada', '192.0.2.1', 1);
    expect(await throttle.waitMs(attempt)).toBe(2_000);
  });
});
