import type { Arrays, ColumnsSpec } from '../engine/columns.ts';
import type { Model, Sample } from '../engine/model.ts';

/** What a scorer knows of one series, for people. */
export interface SeriesState {
  /** Whether it ever moved: else it has no state of a model. */
  readonly moved: boolean;
  /** It ended, or has stopped reporting. */
  readonly ended: boolean;
  /** Samples that the model knows; of a series that never moved how often it held its value. */
  readonly samples: number;
  readonly age_ms: number;
  readonly interval_ms: number;
  readonly longest_pause_ms: number;
  /** The newest one as scored: of a counter its rate per second. */
  readonly value: number;
  /** -log10 of the rarity that alarms now, and how much of that is for recent alarms. */
  readonly needed_rarity: number;
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

/** A model's own words, else its columns of one element. */
export function describeState(
  { definition, parameters }: Model,
  state: Arrays<ColumnsSpec>,
  at: number,
  now: Pick<Sample, 'time' | 'age' | 'interval'>,
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
