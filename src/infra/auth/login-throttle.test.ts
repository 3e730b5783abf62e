import { describe, expect, it } from 'vitest';
import { createLoginThrottle } from './login-throttle.ts';

function harness() {
  const state = { now: 1_000_000 };
  const throttle = createLoginThrottle({ now: () => state.now });
  const failTimes = (account: string, address: string, times: number) => {
    for (let i = 0; i < times; i++) throttle.failed({ account, address });
  };
  return { state, throttle, failTimes };
}

describe('login throttle', () => {
  it('lets five failures of an account pass, then doubles the wait from one second', () => {
    const { state, throttle, failTimes } = harness();
    const attempt = { account: 'ada', address: '192.0.2.1' };
    failTimes('ada', '192.0.2.1', 4);
    expect(throttle.waitMs(attempt)).toBe(0);
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      throttle.failed(attempt);
      waits.push(throttle.waitMs(attempt));
      state.now += throttle.waitMs(attempt);
      expect(throttle.waitMs(attempt)).toBe(0);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it('counts the account whatever addresses the guesses come from', () => {
    const { throttle } = harness();
    for (let i = 0; i < 5; i++) throttle.failed({ account: 'ada', address: `192.0.2.${i}` });
    expect(throttle.waitMs({ account: 'ada', address: '198.51.100.9' })).toBeGreaterThan(0);
    expect(throttle.waitMs({ account: 'bob', address: '198.51.100.9' })).toBe(0);
  });

  it('does not lock the owner out of a device that has logged in before', () => {
    const { throttle, failTimes } = harness();
    const home = { account: 'ada', address: '203.0.113.5' };
    throttle.succeeded(home);
    failTimes('ada', '192.0.2.1', 40);
    expect(throttle.waitMs(home)).toBe(0);
    failTimes('ada', '203.0.113.5', 5);
    expect(throttle.waitMs(home)).toBeGreaterThan(0);
  });

  it('slows an address that tries many accounts', () => {
    const { throttle } = harness();
    for (let i = 0; i < 50; i++) throttle.failed({ account: `user${i}`, address: '192.0.2.1' });
    expect(throttle.waitMs({ account: 'fresh', address: '192.0.2.1' })).toBeGreaterThan(0);
    expect(throttle.waitMs({ account: 'fresh', address: '192.0.2.2' })).toBe(0);
  });

  it('forgets after fifteen quiet minutes and after a success', () => {
    const { state, throttle, failTimes } = harness();
    const attempt = { account: 'ada', address: '192.0.2.1' };
    failTimes('ada', '192.0.2.1', 12);
    state.now += 15 * 60_000;
    expect(throttle.waitMs(attempt)).toBe(0);
    failTimes('ada', '192.0.2.1', 4);
    throttle.succeeded(attempt);
    failTimes('ada', '192.0.2.1', 4);
    expect(throttle.waitMs(attempt)).toBe(0);
  });
});
