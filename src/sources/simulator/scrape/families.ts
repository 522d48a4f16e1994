import { metricTypes } from '../../../formats/remote-write/columns.ts';
import type { Symbols } from './symbols.ts';

/** What a sender knows of a metric family, with its strings as symbols. */
export interface Family {
  readonly name: string;
  readonly type: (typeof metricTypes)[number];
  /** As on the wire. */
  readonly typeNumber: number;
  readonly help: string;
  readonly helpSymbol: number;
  /** Native histograms with custom buckets. */
  readonly isCustom: boolean;
}

export interface FamilyOf {
  readonly family: string;
  readonly type: Family['type'];
  readonly help: string;
  readonly customBounds?: readonly number[];
}

/** The families of a cluster by number. Never many, so never given back. */
export class Families {
  readonly #symbols: Symbols;
  readonly #ids = new Map<string, number>();
  readonly #families: Family[] = [];

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
  }

  get all(): readonly Family[] {
    return this.#families;
  }

  of(metric: FamilyOf): number {
    const known = this.#ids.get(metric.family);
    if (known !== undefined) return known;
    const id = this.#families.length;
    this.#families.push({
      name: metric.family,
      type: metric.type,
      typeNumber: metricTypes.indexOf(metric.type),
      help: metric.help,
      helpSymbol: this.#symbols.use(metric.help),
      isCustom: (metric.customBounds?.length ?? 0) > 0,
    });
    this.#ids.set(metric.family, id);
    return id;
  }
}
