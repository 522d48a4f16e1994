import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchLabels, parseSelector } from '../core/matchers.ts';
import { DerivedSearch, Search, type Searched } from './search.ts';

/** Slots with one label `x`; '' is a slot that is free. */
function slots(values: string[]): Searched & { looks: number } {
  const series = {
    looks: 0,
    get count() {
      return values.length;
    },
    isTracked: (slot: number) => values[slot] !== '',
    label(slot: number, name: string) {
      series.looks++;
      return name === 'x' ? values[slot]! : '';
    },
    firstMatch: (...[matchers, from, accepts]: Parameters<Searched['firstMatch']>) =>
      values.findIndex(
        (_, slot) =>
          slot >= from &&
          series.isTracked(slot) &&
          matchLabels(matchers, (name) => series.label(slot, name)) &&
          accepts(slot),
      ),
  };
  return series;
}

test('whatever slots are given out, it finds what looking through all finds', () => {
  const step = fc.tuple(fc.nat(11), fc.constantFrom('', 'a', 'b', 'c'), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const values: string[] = [];
      const all = slots(values);
      const search = new Search(parseSelector('{x=~"a|c"}'), all, (slot) => slot % 3 !== 0);
      for (const [at, value, asks] of steps) {
        const slot = Math.min(at, values.length);
        values[slot] = value;
        // A slot that is given back is not told, one that is given out is.
        if (value !== '') search.forget(slot);
        if (!asks) continue;
        const naive = values.some((v, i) => (v === 'a' || v === 'c') && i % 3 !== 0);
        expect(search.isFound() || search.find()).toBe(naive);
      }
    }),
    { seed: 7 },
  );
});

test('asking again looks at what was given out since, and at nothing else', () => {
  const values = Array.from({ length: 20_000 }, () => 'b');
  const all = slots(values);
  const search = new Search(parseSelector('{x="a"}'), all);
  const looks = (): number => {
    all.looks = 0;
    expect(search.isFound() || search.find()).toBe(false);
    return all.looks;
  };
  expect(looks()).toBe(20_000);
  expect(looks()).toBe(0);
  search.forget(5);
  values.push('b', 'b');
  expect(looks()).toBe(3);
  for (let slot = 0; slot < 5_000; slot++) search.forget(slot);
  expect(looks()).toBe(20_002);
});

/** Two derived series of each slot, there where their label is not ''. */
function derived(values: [string, string][]) {
  const tracked = {
    looks: 0,
    get count() {
      return values.length;
    },
    isTracked: () => true,
    perSeries: 2,
    isThere: (slot: number, which: number) => values[slot]![which] !== '',
    labels(slot: number, which: number): [string, string][] {
      tracked.looks++;
      return [['x', values[slot]![which]!]];
    },
  };
  return tracked;
}

test('what is derived is found whenever it comes, also in a slot that was looked at', () => {
  const step = fc.tuple(fc.nat(7), fc.nat(1), fc.constantFrom('', 'a', 'b'), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const values: [string, string][] = [];
      const all = derived(values);
      const search = new DerivedSearch(parseSelector('{x="a"}'), all, all);
      for (const [at, which, value, asks] of steps) {
        const slot = Math.min(at, values.length);
        values[slot] ??= ['', ''];
        const before = values[slot][which];
        values[slot][which] = value;
        // Labels of what was there change with its slot alone.
        if (before !== '') search.forget(slot);
        if (!asks) continue;
        expect(search.isFound() || search.find()).toBe(values.flat().includes('a'));
      }
    }),
    { seed: 8 },
  );
});

test('asking again for what is derived spells out what has come since, and nothing else', () => {
  const values = Array.from({ length: 10_000 }, (): [string, string] => ['b', '']);
  const all = derived(values);
  const search = new DerivedSearch(parseSelector('{x="a"}'), all, all);
  const looks = (found: boolean): number => {
    all.looks = 0;
    expect(search.isFound() || search.find()).toBe(found);
    return all.looks;
  };
  expect(looks(false)).toBe(10_000);
  expect(looks(false)).toBe(0);
  values[7]![1] = 'b';
  search.forget(3);
  expect(looks(false)).toBe(2);
  values.push(['a', 'b']);
  expect(looks(true)).toBe(1);
  expect(looks(true)).toBe(1);
});
