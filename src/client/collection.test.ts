import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Collection, collectionOf, emptyCollection } from './collection.ts';

describe('a collection', () => {
  it('is what a map of the same changes would be, and every earlier version stays', () => {
    const change = fc.record({ id: fc.integer({ min: 0, max: 80 }).map(String), from: fc.nat() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
        const versions: Array<{ collection: Collection<number>; map: Map<string, number> }> = [
          { collection: emptyCollection(), map: new Map() },
        ];
        for (const [value, { id, from }] of changes.entries()) {
          // Mostly the newest version goes on, now and then an older one does.
          const base = versions[from % 5 === 0 ? from % versions.length : versions.length - 1];
          if (!base) throw new Error('no version');
          versions.push({
            collection: base.collection.set(id, value),
            map: new Map(base.map).set(id, value),
          });
        }
        for (const { collection, map } of versions) {
          expect([...collection.values()]).toEqual([...map.values()]);
          expect(collection.size).toBe(map.size);
          for (let id = 0; id <= 80; id++) expect(collection.get(String(id))).toBe(map.get(String(id)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('grows over several levels and counts from either end', () => {
    const numbers = Array.from({ length: 40_000 }, (_, n) => n);
    const collection = collectionOf(numbers, String);
    expect([...collection.values()]).toEqual(numbers);
    expect([collection.at(0), collection.at(-1), collection.at(33_000)]).toEqual([0, 39_999, 33_000]);
    expect([collection.at(40_000), collection.at(-40_001)]).toEqual([undefined, undefined]);
    expect(collection.set('17', -1).get('17')).toBe(-1);
    expect(collection.get('17')).toBe(17);
  });

  it('shares with the version before all that did not change', () => {
    const before = collectionOf([{ id: 'a' }, { id: 'b' }], ({ id }) => id);
    const after = before.set('b', { id: 'b' });
    expect(after.get('a')).toBe(before.get('a'));
    expect(after.get('b')).not.toBe(before.get('b'));
  });
});
