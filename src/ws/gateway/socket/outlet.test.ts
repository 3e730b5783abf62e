import { expect, test } from 'vitest';
import { createOutlet, type RawSocket } from './outlet.ts';

const LIMITS = { softBytes: 100, resumeBytes: 20, hardBytes: 1000, stallMs: 50 };

function setUp() {
  const state = { buffered: 0, now: 0, drained: () => {} };
  const gaveUp: number[] = [];
  const socket: RawSocket = {
    send(data) {
      state.buffered += data.length;
    },
    buffered: () => state.buffered,
    ping() {},
    close() {},
    onDrain(listener) {
      state.drained = listener;
    },
  };
  const outlet = createOutlet(
    socket,
    LIMITS,
    () => state.now,
    (code) => gaveUp.push(code),
  );
  return { state, gaveUp, outlet };
}

test('is full above the soft mark and writable again below the resume mark', async () => {
  const { state, outlet } = setUp();
  outlet.send(Buffer.alloc(101));
  expect(outlet.full()).toBe(true);
  let resumed = false;
  const writable = outlet.writable().then(() => {
    resumed = true;
  });
  state.buffered = 50;
  state.drained();
  await Promise.resolve();
  expect(resumed).toBe(false);
  state.buffered = 10;
  state.drained();
  await writable;
  expect(outlet.full()).toBe(false);
});

test('gives up on a reader that drains nothing for the stall time, not on a slow one', () => {
  const { state, gaveUp, outlet } = setUp();
  outlet.send(Buffer.alloc(90));
  for (state.now = 0; state.now <= 200; state.now += 10) {
    state.buffered -= 1;
    outlet.check(state.now);
  }
  expect(gaveUp).toEqual([]);
  state.now += 60;
  outlet.check(state.now);
  expect(gaveUp).toEqual([4008]);
});

test('an idle socket is no stalled one', () => {
  const { state, gaveUp, outlet } = setUp();
  for (state.now = 0; state.now < 500; state.now += 100) outlet.check(state.now);
  outlet.send(Buffer.alloc(10));
  outlet.check(state.now + 40);
  expect(gaveUp).toEqual([]);
});

test('gives up beyond the hard mark instead of buffering more', () => {
  const { gaveUp, outlet, state } = setUp();
  for (let n = 0; n < 30; n++) outlet.send(Buffer.alloc(100));
  expect(gaveUp[0]).toBe(4008);
  expect(state.buffered).toBe(1100);
});

test('closing wakes who waits', async () => {
  const { outlet } = setUp();
  outlet.send(Buffer.alloc(500));
  const writable = outlet.writable();
  outlet.close();
  await expect(writable).rejects.toThrow('closed');
});
