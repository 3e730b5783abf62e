import { describe, expect, it } from 'vitest';
import { CHANNEL_WINDOW_BYTES, ChannelRequest } from '../../wire/channel-wire.ts';
import { createRemoteOutput } from './output.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function open() {
  const grants: number[] = [];
  const output = createRemoteOutput((bytes) => grants.push(bytes));
  return { ...output, grants, granted: () => grants.reduce((sum, bytes) => sum + bytes, 0) };
}

describe('output over a channel', () => {
  it('grants nothing again while its reader stands still, and all that was read when it goes on', async () => {
    const { stream, push, granted } = open();
    let read = 0;
    stream.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    push(Buffer.alloc(65_536));
    await turn();
    expect(granted()).toBe(65_536);
    stream.pause();
    for (let at = 0; at < CHANNEL_WINDOW_BYTES; at += 32_768) push(Buffer.alloc(32_768));
    await turn();
    const before = granted();
    expect(before).toBeLessThan(65_536 + CHANNEL_WINDOW_BYTES);
    stream.resume();
    await turn();
    expect(read).toBe(65_536 + CHANNEL_WINDOW_BYTES);
    expect(granted()).toBe(read);
  });

  it('makes messages that a host takes, whatever has piled up', async () => {
    const { stream, push, grants, granted } = open();
    stream.pause();
    const piled = CHANNEL_WINDOW_BYTES + 65_535;
    push(Buffer.alloc(CHANNEL_WINDOW_BYTES - 1));
    push(Buffer.alloc(65_536));
    stream.resume();
    await turn();
    expect(granted()).toBe(piled);
    for (const bytes of grants) {
      expect(ChannelRequest.safeParse({ type: 'credit', id: 1, stream: 'stdout', bytes }).success).toBe(true);
    }
  });
});
