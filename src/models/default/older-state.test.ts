import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../core/bytes.ts';
import type { ColumnsSpec } from '../../engine/columns.ts';
import { configure, type ModelDefinition } from '../../engine/model.ts';
import { Scorer } from '../scorer.ts';
import { daily, type Made, made, normalOf, randomOf } from '../series.test-kit.ts';
import { defaultModel } from './default.ts';
import { bits, buckets, count, float, inBlockShift, state } from './layout.ts';

const seed = 11;
/** Beside the version: what is known of cycles comes last. */
const withCycles = 1 << 30;
const minute = 60_000;
/** Monday to Thursday by five minutes: what version 2 added is of weekends and of slower rows. */
const known = 3 * 288 + 4;
const length = known + 284;
const spike = length - 20;

/** Before anybody looked for cycles. */
const withoutCycles: typeof defaultModel = { ...defaultModel, cycles: false };
/** Of version 1: its row of floats ended with the season, how far a block is filled had its own place. */
const oldWidth = 36 + buckets;
const narrow: ModelDefinition = {
  ...(withoutCycles as unknown as ModelDefinition),
  version: defaultModel.version + 1,
  state: { ...state, floats: { type: 'f32', width: oldWidth } },
  upgrade: (_from, { counts }, at) => {
    const [word, score] = [at * count.width + count.word, at * count.width + count.score];
    counts![score] = counts![word]! >> inBlockShift;
    counts![word]! &= (1 << inBlockShift) - 1;
  },
};

const named = (name: string, array: ArrayLike<number>, width: number, at: number) =>
  Array.from({ length: width }, (_, k): [string, number] => [
    `${name} ${k}`,
    array[at * width + k]!,
  ]);
/** The model with its rows in place of words. */
const bare: typeof defaultModel = {
  ...defaultModel,
  describe: (st, at) =>
    Object.fromEntries([
      ...named('origin', st.origin, 1, at),
      ...named('float', st.floats, float.width, at),
      ...named('count', st.counts, count.width, at),
      ...named('seen', st.seen, bits.width, at),
    ]),
};

function waves(): Made[] {
  const normal = normalOf(randomOf(seed));
  return [100, 1e6].map((level) =>
    made(length, 5 * minute, (i, time) => {
      return level + 20 * daily(time) + normal() + (i === spike ? 60 : 0);
    }),
  );
}

function pushed(scorer: Scorer, series: Made[], from: number, to: number) {
  return series.map(({ times, values }, slot) =>
    Array.from(values.subarray(from, to), (value, i) =>
      structuredClone(scorer.push(slot, times[from + i]!, value, 'gauge')),
    ),
  );
}

function saved(scorer: Scorer): Uint8Array {
  const out = new ByteWriter();
  scorer.save(out, 2);
  return out.view().slice();
}

function loaded<P, S extends ColumnsSpec>(definition: ModelDefinition<P, S>, bytes: Uint8Array) {
  const scorer = new Scorer(configure(definition));
  scorer.load(new ByteReader(bytes));
  return scorer;
}

/** What version 1 saved of the same: narrow rows of floats, and its number in front. */
function asVersion1(bytes: Uint8Array): Uint8Array {
  const older = saved(loaded(narrow, bytes));
  new DataView(older.buffer).setUint32(0, 1, true);
  return older;
}

test('a state of version 1 keeps its columns, gets zeros for new ones, and scores on', () => {
  const series = waves();
  const kept = new Scorer(configure(withoutCycles));
  pushed(kept, series, 0, known);
  const newer = saved(kept);
  const older = asVersion1(newer);
  expect(older.length).toBeLessThan(newer.length);

  for (const slot of [0, 1]) {
    const rows = loaded(bare, newer).explain(slot)!.model;
    const zeros = Object.fromEntries(
      Array.from({ length: float.width - oldWidth }, (_, k) => [`float ${oldWidth + k}`, 0]),
    );
    expect(rows[`float ${float.drift}`]).not.toBe(0);
    expect(rows[`count ${count.word}`]! >> inBlockShift).toBeGreaterThan(0);
    expect(rows[`count ${count.score}`]).not.toBe(0);
    const told = { [`count ${count.score}`]: 0 };
    expect(loaded(bare, older).explain(slot)!.model).toEqual({ ...rows, ...zeros, ...told });
  }

  const mended = loaded(defaultModel, older);
  expect(mended.explain(1)).toEqual(kept.explain(1));
  const verdicts = pushed(mended, series, known, length);
  const untold = (of: typeof verdicts) =>
    of.map((rows) => rows.map((row) => ({ ...row, score: 0 })));
  expect(untold(verdicts)).toEqual(untold(pushed(kept, series, known, length)));
  expect(verdicts.map((of) => of[spike - known]!.alarm)).toEqual([true, true]);
  expect([...new Uint32Array(saved(mended).slice(0, 4).buffer)]).toEqual([withCycles | 3]);
});
