import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Atom, addAtom, dropAtom, pruneTimeline, type Timeline } from './atoms.ts';

const atom = fc.record({
  t: fc.integer({ min: 0, max: 5_000 }).map((t) => t + 1_000_000),
  k: fc.constantFrom('a', 'b', 'c:on'),
  s: fc.constant('e' as const),
  c: fc.integer({ min: 1, max: 5 }),
  e: fc.constantFrom('x', 'y'),
});

function timelineOf(atoms: readonly Atom[]): Timeline {
  const timeline: Timeline = [];
  for (const one of atoms) addAtom(timeline, { ...one });
  return timeline;
}

describe('timelines', () => {
  it('are in order of time, whatever the order of arrival', () => {
    fc.assert(
      fc.property(fc.array(atom), (atoms) => {
        const times = timelineOf(atoms).map((one) => one.t);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });

  it('keep one of each second, with the greatest count', () => {
    fc.assert(
      fc.property(fc.array(atom), fc.array(fc.nat()), (atoms, keys) => {
        const shuffled = atoms
          .map((one, i) => ({ one, key: keys[i % Math.max(keys.length, 1)] ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one);
        const facts = (timeline: Timeline): string[] =>
          timeline.map((one) => `${Math.floor(one.t / 1000)} ${one.k} ${one.e} ${one.c}`).sort();
        expect(facts(timelineOf([...atoms, ...shuffled]))).toEqual(facts(timelineOf(atoms)));
        expect(facts(timelineOf(shuffled))).toEqual(facts(timelineOf(atoms)));
      }),
    );
  });

  it('forget the past but not the present', () => {
    const timeline = timelineOf([
      { t: 1000, k: 'seen', s: 'e' },
      { t: 2000, k: 'version', s: 'm', v: 'v1' },
      { t: 3000, k: 'version', s: 'm', v: 'v2' },
      { t: 4000, k: 'ready:on', s: 'm' },
      { t: 9000, k: 'seen', s: 'e' },
    ]);
    expect(pruneTimeline(timeline, 8000)).toBe(1);
    expect(timeline.map((one) => [one.t, one.k])).toEqual([
      [1000, 'known'],
      [3000, 'version'],
      [4000, 'ready:on'],
      [9000, 'seen'],
    ]);
  });

  it('drop what is brief first', () => {
    const timeline = timelineOf([
      { t: 1, k: 'a', s: 'e' },
      { t: 2, k: 'b', s: 'e' },
      { t: 3, k: 'pod:gone', s: 'm' },
    ]);
    dropAtom(timeline, new Set(['pod']));
    dropAtom(timeline, new Set(['pod']));
    expect(timeline.map((one) => one.k)).toEqual(['a']);
  });
});
