import type { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { configure } from '../../engine/model.ts';
import type { Moved } from '../../engine/moved.ts';
import type { ProcessorContext, Selection } from '../../engine/processor.ts';
import { modelNamed, type Registry } from '../../models/registry.ts';
import { Scorer } from '../../models/scorer.ts';
import type { AnomalySettings, Route } from './settings.ts';

/** A route with its scorer. */
export interface Lane {
  readonly route: Route;
  readonly scorer: Scorer;
  /** The same for quantiles of histograms, by their own slots. */
  readonly quantiles: Scorer;
  readonly selection: Selection;
  readonly terms: readonly string[];
  /** What the model does, in one sentence. */
  readonly summary: string;
}

/** Slots of quantiles: how many there are, and where they went (rekey). */
export interface QuantileIds {
  readonly ids: number;
  readonly movedIds: Int32Array;
}

/** What must stay the same for the state of a scorer to go on. */
const keyOf = ({ model, parameters, per_series_day }: Route): string =>
  JSON.stringify([model, parameters, per_series_day]);

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

  /** Takes the settings in force. Throws what is wrong with a route, and then nothing changes. */
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
    this.lanes = routes.map((route, i) => {
      const definition = modelNamed(this.#registry, route.model);
      const kept = same[i] ?? take((lane) => keyOf(lane.route) === keyOf(route));
      const model = configure(definition, route.parameters);
      const fresh = () => new Scorer(model, { asked: route.per_series_day });
      return {
        route,
        scorer: kept?.scorer ?? fresh(),
        quantiles: kept?.quantiles ?? fresh(),
        selection: this.#context.select(route.select),
        terms: definition.terms ?? [],
        summary: definition.summary,
      };
    });
  }

  absorb(from: Lanes, moved: Moved): void {
    for (const [i, { scorer, quantiles }] of this.lanes.entries()) {
      scorer.absorb(from.lanes[i]!.scorer, moved.slots);
      quantiles.absorb(from.lanes[i]!.quantiles, this.#quantiles.movedIds);
    }
  }

  save(out: ByteWriter, slots: number): void {
    out.u16(this.lanes.length);
    for (const { scorer, quantiles } of this.lanes) {
      scorer.save(out, slots);
      quantiles.save(out, this.#quantiles.ids);
    }
  }

  /** The settings of the state are in force already. */
  load(input: ByteReader): void {
    const count = input.u16();
    for (let i = 0; i < count; i++) {
      this.lanes[i]!.scorer.load(input);
      this.lanes[i]!.quantiles.load(input);
    }
  }
}
