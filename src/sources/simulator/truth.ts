/**
 * What really happened, for whoever judges what was found. `fact` is named as in the recordings
 * of Kubernetes events (`node_lost`, `crash_loop`, `cluster_upgrade`, ...); `alert` is an alert as
 * one Prometheus evaluated it: `start` is its first firing sample, `end` its stale marker.
 */
export interface TruthItem {
  readonly id: string;
  readonly cluster: string;
  readonly fact: string;
  /** `Node/worker-1`, `Pod/shop/web-5d9-x7k2p`, `Cluster`; of an alert its name. */
  readonly object: string;
  /** ms since the epoch */
  readonly start: number;
  /** null while it lasts. */
  end: number | null;
  /** The fact that brought this one about. */
  readonly parent: string | null;
  readonly detail: Record<string, unknown>;
}

export interface TruthStart {
  readonly fact: string;
  readonly object: string;
  readonly start: number;
  readonly parent?: TruthItem | null;
  readonly detail?: Record<string, unknown>;
}

/** The facts of one cluster. Keeps the newest `max`; `onChange` hears of each start and end. */
export class TruthLog {
  readonly #cluster: string;
  readonly #max: number;
  readonly #onChange: (item: TruthItem) => void;
  readonly #items = new Set<TruthItem>();
  #count = 0;

  constructor(cluster: string, max: number, onChange: (item: TruthItem) => void) {
    this.#cluster = cluster;
    this.#max = max;
    this.#onChange = onChange;
  }

  get items(): TruthItem[] {
    return [...this.#items];
  }

  begin({ fact, object, start, parent = null, detail = {} }: TruthStart): TruthItem {
    const id = `${this.#cluster}-${(++this.#count).toString().padStart(4, '0')}`;
    const item: TruthItem = {
      id,
      cluster: this.#cluster,
      fact,
      object,
      start,
      end: null,
      parent: parent?.id ?? null,
      detail,
    };
    this.#items.add(item);
    if (this.#items.size > this.#max) this.#items.delete(this.#items.values().next().value!);
    this.#onChange(item);
    return item;
  }

  end(item: TruthItem, end: number): void {
    item.end = end;
    this.#onChange(item);
  }
}
