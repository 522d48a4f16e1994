import { metricKinds } from '../../engine/model.ts';
import type { Block, ProcessorContext, Selection } from '../../engine/processor.ts';
import type { LogRecord } from '../../log/log.ts';
import type { Registry } from '../../models/registry.ts';
import type { Verdict } from '../../models/verdict.ts';
import { kindOfSeries } from '../kind.ts';
import { anomaliesOf } from './explain.ts';
import { Failures } from './failures.ts';
import { ExpectedShapes } from './feedback.ts';
import { Histograms, itself, type Quantile } from './histograms/histograms.ts';
import { Intervals } from './intervals.ts';
import { type Lane, Lanes } from './lanes.ts';
import { Life } from './life.ts';
import { RouteBudgets } from './route-budgets.ts';
import { Scores } from './scores.ts';
import type { AnomalySettings } from './settings.ts';
import { Successions } from './successions.ts';
import { fateOf, Watch } from './watch.ts';

const noLane = 255;

/** The anomalies processor of one partition. */
export class Anomalies {
  readonly #context: ProcessorContext<AnomalySettings>;
  readonly #lanes: Lanes;
  readonly #open: Intervals;
  readonly #budgets;
  readonly #life: Life;
  readonly #successions: Successions;
  readonly #expected;
  readonly #slots;
  readonly #scores: Scores;
  #watch: Watch | undefined;
  readonly #histograms: Histograms;
  readonly #takeQuantile = (quantile: Quantile) => this.#quantile(quantile);
  readonly #failures;

  constructor(context: ProcessorContext<AnomalySettings>, models: Registry) {
    this.#context = context;
    this.#failures = new Failures(context);
    this.#budgets = new RouteBudgets(context);
    this.#expected = new ExpectedShapes(context);
    this.#slots = context.columns('slots', {
      lane: { type: 'u8', initial: noLane },
      kind: 'u8',
      open: 'u8',
    });
    this.#histograms = context.keep('histograms', new Histograms(context));
    this.#scores = new Scores(context, this.#histograms);
    this.#open = new Intervals(context, this.#slots);
    this.#life = new Life(context, {
      open: this.#open,
      budgets: this.#budgets,
      expected: this.#expected,
      histograms: this.#histograms,
    });
    this.#lanes = context.keep('scorers', new Lanes(context, models, this.#histograms));
    this.#successions = context.keep(
      'successions',
      new Successions(context, this.#lanes, this.#histograms, this.#slots),
    );
    this.#lanes.configure(context.settings);
  }

  handlers() {
    return {
      samples: (block: Block) => this.#samples(block),
      born: (slot: number) => this.#born(slot),
      ended: (slot: number, time: number) => this.#seriesEnded(slot, time + 1),
      forgotten: (slot: number) => this.#forgotten(slot),
      record: (kind: string, cluster: number, record: LogRecord) => {
        if (kind === 'feedback') this.#feedback(cluster, record);
      },
      tick: () => this.#tick(),
      watch: (chosen: Pick<Selection, 'has'>) => {
        this.#watch = new Watch(chosen, this.#histograms);
      },
      explain: (slot: number) =>
        anomaliesOf(slot, {
          context: this.#context,
          histograms: this.#histograms,
          open: this.#open,
          budgets: this.#budgets,
          expected: this.#expected,
          watch: this.#watch,
          lane: (of) => this.#lanes.lanes[this.#slots.arrays.lane[of]!],
          kind: (of) => metricKinds[this.#slots.arrays.kind[of]!]!,
        }),
      settings: () => this.#configure(),
      switchedOff: () => {
        this.#scores.configure(() => false);
        for (const row of this.#open.all()) {
          this.#open.close(row, row.last, this.#context.logTime);
        }
      },
      notes: () => this.#failures.notes(),
    };
  }

  #configure(): void {
    this.#lanes.configure(this.#context.settings);
    this.#budgets.configure();
    const { lane } = this.#slots.arrays;
    for (let slot = 0; slot < this.#context.series.count; slot++) {
      const before = lane[slot];
      lane[slot] = this.#laneOf(slot);
      if (before === noLane && lane[slot] !== noLane && !this.#choose(slot)) lane[slot] = noLane;
      if (lane[slot] === noLane) this.#histograms.ended(slot);
    }
    this.#successions.configure();
    this.#scores.configure((slot) => lane[slot] !== noLane);
    // Nobody scores these any more: nothing else would close them.
    for (const row of this.#open.all()) {
      if (lane[row.slot] === noLane) this.#open.close(row, row.last, this.#context.logTime);
    }
  }

  /** False of a bucket too many: it is not scored. */
  #choose(slot: number): boolean {
    this.#slots.arrays.kind[slot] = metricKinds.indexOf(kindOfSeries(this.#context.series, slot));
    return this.#histograms.add(slot);
  }

  #laneOf(slot: number): number {
    const at = this.#lanes.lanes.findIndex(({ selection }) => selection.has(slot));
    return at < 0 ? noLane : at;
  }

  #born(slot: number): void {
    const { lane } = this.#slots.arrays;
    lane[slot] = this.#laneOf(slot);
    const isScored = lane[slot] !== noLane && this.#choose(slot);
    if (!isScored) lane[slot] = noLane;
    this.#scores.ask(slot, isScored);
    if (isScored && !this.#histograms.isPart(slot)) this.#successions.born(slot);
  }

  #samples(block: Block): void {
    const { lanes } = this.#lanes;
    if (lanes.length === 0) return;
    const { lane, kind } = this.#slots.arrays;
    const { slots, times, values, stale } = block;
    for (let i = 0; i < block.length; i++) {
      const slot = slots[i]!;
      const at = lane[slot]!;
      if (at === noLane) continue;
      const ended = stale[i] === 1;
      const time = times[i]!;
      if (this.#histograms.isBucket(slot)) {
        if (ended) this.#seriesEnded(slot, time);
        else this.#histograms.sample(slot, time, values[i]!, this.#takeQuantile);
        continue;
      }
      const chosen = lanes[at]!;
      const v = chosen.scorer.push(slot, time, values[i]!, metricKinds[kind[slot]!]!, ended);
      this.#said(slot, chosen, v, time, ended);
    }
    this.#natives(block.histograms);
    this.#successions.delivered();
    this.#scores.flush();
  }

  #natives(columns: Block['histograms']): void {
    for (let i = 0; i < columns.length; i++) {
      const slot = columns.slots[i]!;
      const chosen = this.#lanes.lanes[this.#slots.arrays.lane[slot]!];
      if (!chosen) continue;
      const ended = columns.stale[i] === 1;
      if (!ended && !this.#histograms.isNative(slot)) {
        this.#histograms.becomesNative(slot);
        this.#scores.ask(slot, true);
      }
      const count = ended ? Number.NaN : this.#histograms.native(columns, i, this.#takeQuantile);
      const time = columns.times[i]!;
      const v = chosen.scorer.push(slot, time, count, this.#histograms.countKind(slot), ended);
      this.#said(slot, chosen, v, time, ended);
    }
  }

  /** What the scorer said of a sample of the series itself. */
  #said(slot: number, lane: Lane, v: Verdict, time: number, ended: boolean): void {
    if (ended) this.#seriesEnded(slot, time);
    else {
      this.#scores.sample(slot, itself, time, v);
      this.#scored(slot, itself, lane, v, time);
    }
    if (this.#watch) this.#watched(this.#watch, slot, itself, lane, v, time);
  }

  #quantile({ slot, id, which, time, value, kind, isOther }: Quantile): void {
    const chosen = this.#lanes.lanes[this.#slots.arrays.lane[slot]!];
    if (!chosen) return;
    if (isOther) chosen.quantiles.forget(id);
    const v = chosen.quantiles.push(id, time, value, kind);
    if (v.outcome === 'missing') this.#scores.stale(slot, which, time);
    else {
      this.#scores.sample(slot, which, time, v);
      this.#scored(slot, which, chosen, v, time);
    }
    if (this.#watch) this.#watched(this.#watch, slot, which, chosen, v, time);
  }

  #scored(slot: number, which: number, lane: Lane, v: Verdict, time: number): void {
    if (v.outcome === 'failed') this.#failures.add(slot, lane.route.model, v);
    else if (this.#slots.arrays.open[slot] === 1) this.#life.goesOn(slot, which, lane, v, time);
    else if (v.alarm) this.#life.alarm(slot, which, lane, v, time);
  }

  #tick(): void {
    this.#scores.flush();
    const { series } = this.#context;
    this.#open.tick();
    const { lanes } = this.#lanes;
    if (lanes.length === 0) return;
    this.#successions.tick();
    const { lane } = this.#slots.arrays;
    const overdue: number[] = [];
    for (let slot = 0; slot < series.count; slot++) {
      const at = lane[slot]!;
      if (at === noLane) continue;
      if (lanes[at]!.scorer.isOverdue(slot, series.silence(slot))) overdue.push(slot);
    }
    if (overdue.length > 0) this.#stopped(overdue);
  }

  /** Series without samples: each has stopped, or another goes on for it. */
  #stopped(overdue: readonly number[]): void {
    const { series } = this.#context;
    const { lane, open } = this.#slots.arrays;
    const replaced = this.#successions.replaced(overdue);
    for (const slot of overdue) {
      const chosen = this.#lanes.lanes[lane[slot]!]!;
      chosen.scorer.overdue(slot, series.silence(slot));
      if (open[slot] === 1 && !this.#life.dropHushed(slot)) continue;
      if (replaced.has(slot)) {
        this.#context.count('replaced');
        continue;
      }
      const clock = series.clock(slot);
      this.#life.alarm(slot, itself, chosen, chosen.scorer.verdict, clock);
      const { verdict } = chosen.scorer;
      if (this.#watch) this.#watched(this.#watch, slot, itself, chosen, verdict, clock);
    }
  }

  #watched(watch: Watch, slot: number, which: number, lane: Lane, v: Verdict, time: number): void {
    if (!watch.has(slot)) return;
    watch.sample(slot, which, time, v, lane.terms, fateOf(v, which, this.#open.get(slot), time));
  }

  /** What people say about an anomaly goes on record with it, and decides on its like. */
  #feedback(cluster: number, record: LogRecord): void {
    const feedback = this.#expected.read(record);
    if (!feedback) return;
    this.#context.count(`feedback_${feedback.mark}`);
    this.#expected.take(cluster, feedback);
    this.#open.mark(cluster, feedback);
  }

  /** `time`: from when on nothing stands of it. */
  #seriesEnded(slot: number, time: number): void {
    const { series } = this.#context;
    if (this.#slots.arrays.lane[slot] === noLane || this.#lanes.lanes.length === 0) return;
    this.#scores.ended(slot, time);
    const row = this.#open.get(slot);
    if (row && row.data.kind !== 'stopped') this.#open.close(row, row.last, series.lastTime(slot));
    this.#histograms.ended(slot);
    if (!this.#histograms.isPart(slot)) this.#successions.ended(slot);
  }

  #forgotten(slot: number): void {
    const { series } = this.#context;
    const { lane } = this.#slots.arrays;
    const row = this.#open.get(slot);
    if (row) this.#open.close(row, row.last, series.lastTime(slot));
    this.#successions.forgotten(slot);
    for (const { scorer } of this.#lanes.lanes) scorer.forget(slot);
    this.#watch?.forget(slot);
    this.#failures.forgotten(slot);
    this.#histograms.remove(slot, (id) => {
      for (const { quantiles } of this.#lanes.lanes) quantiles.forget(id);
    });
    lane[slot] = noLane;
  }
}
