import { identityOf } from '../../core/identity.ts';
import type { ProcessorContext } from '../../engine/processor.ts';
import type { Verdict } from '../../models/verdict.ts';
import { finite, iso, strangestOf } from './details.ts';
import type { ExpectedShapes, Shape } from './feedback.ts';
import type { Histograms } from './histograms/histograms.ts';
import type { Intervals, OpenAnomaly } from './intervals.ts';
import type { Lane } from './lanes.ts';
import type { RouteBudgets } from './route-budgets.ts';
import { objectOf } from './workload.ts';

/** A sample this strange, in multiples of the cut, keeps an open anomaly open. */
const stillStrange = 0.5;
/** Calm samples in a row that close it. */
const calmSamples = 5;
/** An update is told when the score has grown by this. */
const growth = 1.5;

interface LifeParts {
  readonly open: Intervals;
  readonly budgets: RouteBudgets;
  readonly expected: ExpectedShapes;
  readonly histograms: Histograms;
}

/** The life of an anomaly: which alarm opens one, how it goes on, what closes it. */
export class Life {
  readonly #context: ProcessorContext<unknown>;
  readonly #open: Intervals;
  readonly #budgets: RouteBudgets;
  readonly #expected: ExpectedShapes;
  readonly #histograms: Histograms;

  constructor(context: ProcessorContext<unknown>, parts: LifeParts) {
    this.#context = context;
    this.#open = parts.open;
    this.#budgets = parts.budgets;
    this.#expected = parts.expected;
    this.#histograms = parts.histograms;
  }

  /** An alarm is told when nobody expects it and the budget of its route and cluster allows it. */
  alarm(slot: number, which: number, lane: Lane, v: Verdict, time: number): void {
    const cluster = this.#context.series.cluster(slot);
    const hushed = this.#expected.withholds(this.#shapeOf(slot, which, v));
    if (!hushed && !this.#budgets.passes(cluster, lane, v.strength)) return;
    this.#open.open(this.#newAnomaly(slot, which, lane, v, time, hushed), time);
  }

  #shapeOf(slot: number, which: number, v: Verdict): Shape {
    const { kind, direction, value, expected } = v;
    const { series } = this.#context;
    const observed = finite(value);
    const [cluster, labels] = [series.cluster(slot), this.#histograms.labels(slot, which)];
    return { cluster, labels, kind, direction, observed, expected: finite(expected) };
  }

  /** Ends what feedback keeps quiet on this series; false where there is none. */
  dropHushed(slot: number): boolean {
    const row = this.#open.get(slot);
    if (row?.hushed !== true) return false;
    this.#open.drop(row);
    return true;
  }

  #newAnomaly(
    slot: number,
    which: number,
    lane: Lane,
    v: Verdict,
    time: number,
    hushed: boolean,
  ): OpenAnomaly {
    const { series, clusters } = this.#context;
    const cluster = series.cluster(slot);
    const all = this.#histograms.labels(slot, which);
    const labels = Object.fromEntries(all);
    const { __name__: metric = '', ...rest } = labels;
    const owner = [clusters.tenant(cluster), clusters.name(cluster)];
    const words = [...owner, ...all.flat(), v.kind, String(time)];
    const onset = Number.isFinite(v.onset) ? v.onset : time;
    return {
      cluster,
      slot,
      which,
      subject: identityOf(words),
      revision: 0,
      calm: 0,
      told: v.strength,
      last: time,
      object: objectOf(rest),
      hushed,
      feedback: null,
      note: null,
      data: {
        kind: v.kind,
        direction: v.direction,
        metric,
        tenant: owner[0]!,
        cluster: owner[1]!,
        cluster_title: clusters.title(cluster),
        labels: rest,
        model: lane.route.model,
        onset: iso(onset),
        start: iso(time),
        ...strangestOf(series.interval(slot), lane.terms, v),
      },
    };
  }

  /** A further sample of a series with an open anomaly. */
  goesOn(slot: number, which: number, lane: Lane, v: Verdict, time: number): void {
    const row = this.#open.get(slot)!;
    // Of a histogram one anomaly is open at a time, and goes on with what opened it.
    if (row.which !== which) return;
    const returned = row.data.kind === 'stopped';
    if (row.hushed && !returned && this.#isNews(slot, row, v)) {
      this.#open.drop(row);
      this.alarm(slot, which, lane, v, time);
      return;
    }
    if (!returned && v.strength >= stillStrange) {
      row.calm = 0;
      row.last = time;
      if (v.strength > row.data.score) {
        const interval = this.#context.series.interval(slot);
        Object.assign(row.data, strangestOf(interval, lane.terms, v));
      }
      if (row.hushed || v.strength < row.told * growth) return;
      row.told = v.strength;
      this.#open.update(row, time);
      return;
    }
    row.calm++;
    if (returned || row.calm >= calmSamples)
      this.#open.close(row, returned ? time : row.last, time);
  }

  /** Whether a strange sample is not of the shape that was expected, or is so no more. */
  #isNews(slot: number, row: OpenAnomaly, v: Verdict): boolean {
    if (v.strength < 1 && !v.alarm) return false;
    if (v.alarm && v.kind !== row.data.kind) return true;
    return (
      this.#expected.covering({ ...this.#shapeOf(slot, row.which, v), kind: row.data.kind }) ===
      undefined
    );
  }
}
