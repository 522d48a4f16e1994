import type { Arrays, ColumnsSpec } from '../engine/columns.ts';
import type { Model, Sample } from '../engine/model.ts';
import { neededRarity, restOf } from './budget.ts';
import { flag, type Memory } from './memory.ts';
import { tailSize, tailWidth } from './tail.ts';

/** What a scorer knows of one series, for people. */
export interface SeriesState {
  /** Whether it ever moved: else it has no state of a model. */
  readonly moved: boolean;
  /** It ended, or has stopped reporting. */
  readonly ended: boolean;
  /** Samples that the model knows; of a series that never moved how often it held its value. */
  readonly samples: number;
  /** Of the season: since the first sample, or since a cycle of its own was given up. */
  readonly age_ms: number;
  readonly interval_ms: number;
  readonly longest_pause_ms: number;
  /** The newest one as scored: of a counter its rate per second. */
  readonly value: number;
  /** -log10 of the rarity that alarms now, null at a bound; and what of it is for late alarms. */
  readonly needed_rarity: number | null;
  readonly raised_by: number;
  /** Samples for which it takes a much stronger one to alarm again. */
  readonly resting_samples: number;
  /** Samples that cannot alarm, after a gap. */
  readonly muted_samples: number;
  /** In a row above (+) or below (-) the band. */
  readonly outside_samples: number;
  readonly equal_samples: number;
  readonly longest_equal_samples: number;
  /** Scores by which rarity is told; null where the model calibrates itself. */
  readonly tail_samples: number | null;
  /** What the model says of its state; null for what it does not know. */
  readonly model: Readonly<Record<string, number | null>>;
}

/** What is known of a series; undefined where it was never scored. `asked`: alarms a day. */
export function explained(
  memory: Memory,
  model: Model,
  slot: number,
  asked: number,
): SeriesState | undefined {
  const a = memory.series.arrays;
  if (slot >= memory.reserved || (a.flags[slot]! & flag.seen) === 0) return undefined;
  const at = a.slot[slot]!;
  const [interval, time, samples] = [a.interval[slot]!, a.time[slot]!, a.count[slot]!];
  const age = at < 0 ? 0 : time - a.began[slot]!;
  const isFixed = model.definition.calibration === 'fixed';
  return {
    moved: at >= 0,
    ended: (a.flags[slot]! & flag.ended) !== 0,
    samples,
    age_ms: age,
    interval_ms: interval,
    longest_pause_ms: a.pause[slot]!,
    value: a.held[slot]!,
    needed_rarity: isFixed ? null : neededRarity(interval, asked) * (1 + a.raise[slot]!),
    raised_by: a.raise[slot]!,
    resting_samples: Math.max(0, restOf(interval) - a.since[slot]!),
    muted_samples: a.mute[slot]!,
    outside_samples: a.side[slot]!,
    equal_samples: a.equal[slot]!,
    longest_equal_samples: a.longest[slot]!,
    tail_samples:
      at >= 0 && memory.ownTail ? tailSize(memory.tails.arrays.counts, at * tailWidth) : null,
    model:
      at < 0 || memory.unfit !== ''
        ? {}
        : describeState(model, memory.states.arrays, at, {
            time,
            age,
            interval,
            cycle: memory.cycleOf(slot),
          }),
  };
}

/** A model's own words, else its columns of one element. */
function describeState(
  { definition, parameters }: Model,
  state: Arrays<ColumnsSpec>,
  at: number,
  now: Pick<Sample, 'time' | 'age' | 'interval' | 'cycle'>,
): Readonly<Record<string, number | null>> {
  const said = definition.describe?.(state, at, parameters, now) ?? plainColumns(definition.state);
  return Object.fromEntries(
    Object.entries(said).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
  );

  function plainColumns(spec: ColumnsSpec): Record<string, number> {
    const plain = Object.entries(spec).filter(
      ([, column]) => typeof column === 'string' || (column.width ?? 1) === 1,
    );
    return Object.fromEntries(plain.map(([name]) => [name, state[name]![at]!]));
  }
}
