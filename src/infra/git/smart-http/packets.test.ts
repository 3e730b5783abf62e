import { describe, expect, it } from 'vitest';
import { encodeLine, type Packet, packOf, readPackets } from './packets.ts';

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function parse(text: string, size = 1): Promise<string[]> {
  const packets: string[] = [];
  for await (const packet of readPackets(chunksOf(Buffer.from(text, 'latin1'), size))) {
    packets.push(typeof packet === 'string' ? packet : packet.toString('latin1'));
  }
  return packets;
}

describe('packets', () => {
  it.each([1, 3, 5, 1000])('are the same in pieces of %i bytes', async (size) => {
    const text = `${encodeLine('version 2')}0004${encodeLine('fetch=shallow')}000100020000`;
    expect(await parse(text, size)).toEqual([
      'version 2\n',
      '',
      'fetch=shallow\n',
      'delimiter',
      'end',
      'flush',
    ]);
  });

  it.each(['0003', '00zz', '<!DOCTYPE html>', '0009abc', '000', '-001', '0x0a'])(
    'are not made of %j',
    async (text) => {
      await expect(parse(text)).rejects.toMatchObject({ code: 'unreachable' });
    },
  );

  it('carry an error in visible characters of a bearable length', async () => {
    await expect(parse(encodeLine(`ERR no\u001b[31m ${'x'.repeat(1000)}`))).rejects.toThrow(
      /^the git server says: no \[31m x{100,195}$/,
    );
  });
});

describe('a pack beside progress', () => {
  const bands = (...packets: Array<[number, string]>) =>
    packets.map(([band, text]): Packet => Buffer.from(String.fromCharCode(band) + text));
  async function* listed(packets: Packet[]): AsyncGenerator<Packet, void> {
    yield* packets;
  }
  const read = async (packets: Packet[]) => {
    const pieces: string[] = [];
    for await (const piece of packOf(listed(packets))) pieces.push(Buffer.from(piece).toString());
    return pieces.join('');
  };

  it('is what the first band holds, up to the flush', async () => {
    const packets = [...bands([2, 'counting'], [1, 'PA'], [2, 'more'], [1, 'CK']), 'flush' as const];
    expect(await read([...packets, ...bands([1, 'late'])])).toBe('PACK');
  });

  it('ends with the error of the third band', async () => {
    await expect(read(bands([1, 'PA'], [3, 'out of memory\n']))).rejects.toThrow(
      'the git server says: out of memory',
    );
  });
});
