import type { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { messageOf } from '../../core/errors.ts';
import { configure, type Model } from '../../engine/model.ts';
import type { Moved } from '../../engine/moved.ts';
import type { ProcessorContext, Selection } from '../../engine/processor.ts';
import { isShipped, modelNamed, type Registry } from '../../models/registry.ts';
import { Scorer } from '../../models/scorer.ts';
import { quantiles } from './histograms/histograms.ts';
import type { AnomalySettings, Route } from './settings.ts';
import { isStandIn, standIn } from './stand-in.ts';

export interface Scorers {
  readonly scorer: Scorer;
  /** The same for quantiles of histograms, by their own slots. */
  readonly quantiles: Scorer;
}

/** A route with its scorers. */
export interface Lane extends Scorers {
  readonly route: Route;
  readonly model: Model;
  /** What is known of series without a slot (resting.ts). */
  readonly resting: Scorers;
  readonly selection: Selection;
  readonly terms: readonly string[];
  /** What the model does, in one sentence. */
  readonly summary: string;
}

/** Whether its model alarms at bounds: one alarm is as strong as another. */
export const isFixed = ({ model }: Lane): boolean => model.definition.calibration === 'fixed';

/** Slots of quantiles: how many there are, and where they went (rekey). */
export interface QuantileIds {
  readonly ids: number;
  readonly movedIds: Int32Array;
}

/** What must stay the same for the state of a scorer to go on. */
const keyOf = ({ model, parameters }: Route): string => JSON.stringify([model, parameters]);

/** Scorers of the routes in force. A route that stays keeps the state of its scorer. */
export class Lanes {
  readonly #context: ProcessorContext<AnomalySettings>;
  readonly #registry: Registry;
  readonly #quantiles: QuantileIds;
  lanes: readonly Lane[] = [];

  constructor(
    context: ProcessorContext<AnomalySettings>,
    registry: Registry,
    quantiles: QuantileIds,
  ) {
    this.#context = context;
    this.#registry = registry;
    this.#quantiles = quantiles;
  }

  /** Takes the settings in force. */
  configure({ routes }: AnomalySettings): void {
    const left = new Set(this.lanes);
    const take = (wanted: (lane: Lane) => boolean): Lane | undefined => {
      const found = [...left].find(wanted);
      if (found) left.delete(found);
      return found;
    };
    // Routes that are as they were come first: others may want the same model.
    const same = routes.map((route) =>
      take((lane) => keyOf(lane.route) === keyOf(route) && lane.route.select === route.select),
    );
    for (const { selection } of this.lanes) selection.release();
    this.lanes = routes.map((route, i) => {
      const kept = same[i] ?? take((lane) => keyOf(lane.route) === keyOf(route));
      const model = kept?.model ?? this.#model(route);
      const { scorer, quantiles } = kept ?? this.#scorersOf(route, model);
      for (const each of [scorer, quantiles]) each.ask(route.per_series_day);
      return {
        route,
        model,
        scorer,
        quantiles,
        // Searches do not go on there: that there was one is kept for the heir.
        resting: kept?.resting ?? this.#scorersOf(route, model, () => true),
        selection: this.#context.select(route.select, {
          isTaken: (slot) => this.lanes.slice(0, i).some(({ selection }) => selection.has(slot)),
        }),
        terms: model.definition.terms ?? [],
        summary: model.definition.summary,
      };
    });
  }

  #scorersOf(
    { per_series_day }: Route,
    model: Model,
    maySearch = (open: number) => this.#maySearch(open),
  ): Scorers {
    const guard = !isShipped(model.definition);
    const options = { asked: per_series_day, guard, maySearch };
    return {
      scorer: new Scorer(model, options),
      // Buckets are coarse: many equal quantiles in a row are no frozen value.
      quantiles: new Scorer(model, { ...options, flatlines: false }),
    };
  }

  #maySearch(open: number): boolean {
    if (open < this.#context.settings.cycle_searches_max) return true;
    this.#context.count('cycles_over_limit');
    return false;
  }

  /**
   * A route whose model is gone, or takes other parameters now, was configured under other code:
   * the settings that follow the change of code put it right.
   */
  #model({ model, parameters }: Route): Model {
    try {
      return configure(modelNamed(this.#registry, model), parameters);
    } catch (error) {
      return standIn(model, messageOf(error));
    }
  }

  absorb(from: Lanes, moved: Moved): void {
    for (const [i, { scorer, quantiles }] of this.lanes.entries()) {
      scorer.absorb(from.lanes[i]!.scorer, moved.slots);
      quantiles.absorb(from.lanes[i]!.quantiles, this.#quantiles.movedIds);
    }
  }

  /** `slots`: of what rests, by old slot. */
  absorbResting(from: Lanes, slots: Int32Array): void {
    const ids = new Int32Array(slots.length * quantiles.length).fill(-1);
    for (const [old, slot] of slots.entries()) {
      if (slot < 0) continue;
      for (let k = 0; k < quantiles.length; k++) {
        ids[old * quantiles.length + k] = slot * quantiles.length + k;
      }
    }
    for (const [i, { resting }] of this.lanes.entries()) {
      resting.scorer.absorb(from.lanes[i]!.resting.scorer, slots);
      resting.quantiles.absorb(from.lanes[i]!.resting.quantiles, ids);
    }
  }

  save(out: ByteWriter, slots: number): void {
    this.#save(out, (lane) => lane, slots, this.#quantiles.ids);
  }

  /** What `resting` knows, of so many slots. */
  saveResting(out: ByteWriter, slots: number): void {
    this.#save(out, ({ resting }) => resting, slots, slots * quantiles.length);
  }

  #save(out: ByteWriter, scorersIn: (lane: Lane) => Scorers, slots: number, ids: number): void {
    out.u16(this.lanes.length);
    for (const lane of this.lanes) {
      out.u8(isStandIn(lane.model) ? 0 : 1);
      if (isStandIn(lane.model)) continue;
      const { scorer, quantiles: ofQuantiles } = scorersIn(lane);
      scorer.save(out, slots);
      ofQuantiles.save(out, ids);
    }
  }

  /** The settings of the state are in force already. */
  load(input: ByteReader): void {
    this.#load(input, (lane) => lane);
  }

  loadResting(input: ByteReader): void {
    this.#load(input, ({ resting }) => resting);
  }

  #load(input: ByteReader, scorersIn: (lane: Lane) => Scorers): void {
    const count = input.u16();
    for (let i = 0; i < count; i++) {
      if (input.u8() === 0) continue;
      const lane = this.lanes[i]!;
      // Of a model that is gone the state is read and let go.
      const { route, model } = lane;
      const { scorer, quantiles: ofQuantiles } = isStandIn(model)
        ? this.#scorersOf(route, model)
        : scorersIn(lane);
      scorer.load(input);
      ofQuantiles.load(input);
    }
  }
}
