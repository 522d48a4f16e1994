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
  readonly selection: Selection;
  readonly terms: readonly string[];
  /** What the model does, in one sentence. */
  readonly summary: string;
}

/** What must stay the same for the state of a scorer to go on. */
const keyOf = ({ model, parameters, per_series_day }: Route): string =>
  JSON.stringify([model, parameters, per_series_day]);

/** Scorers of the routes in force. A route that stays keeps the state of its scorer. */
export class Lanes {
  readonly #context: ProcessorContext<AnomalySettings>;
  readonly #registry: Registry;
  lanes: readonly Lane[] = [];

  constructor(context: ProcessorContext<AnomalySettings>, registry: Registry) {
    this.#context = context;
    this.#registry = registry;
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
      return {
        route,
        scorer: kept?.scorer ?? new Scorer(model, { asked: route.per_series_day }),
        selection: this.#context.select(route.select),
        terms: definition.terms ?? [],
        summary: definition.summary,
      };
    });
  }

  absorb(from: Lanes, moved: Moved): void {
    for (const [i, { scorer }] of this.lanes.entries()) {
      scorer.absorb(from.lanes[i]!.scorer, moved.slots);
    }
  }

  save(out: ByteWriter, slots: number): void {
    out.u16(this.lanes.length);
    for (const { scorer } of this.lanes) scorer.save(out, slots);
  }

  /** The settings of the state are in force already. */
  load(input: ByteReader): void {
    const count = input.u16();
    for (let i = 0; i < count; i++) this.lanes[i]!.scorer.load(input);
  }
}
