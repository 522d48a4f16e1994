import type { Cluster } from '../model/entities.ts';
import type { Random } from '../random.ts';
import type { TruthItem, TruthStart } from '../truth.ts';

/**
 * A scripted fault. `play` is a story: it changes the model, then waits by `yield ms`. What it
 * claims stays its own until it is over, so that no two faults fight over an object.
 */
export interface Fault {
  /** Its name in a script. */
  readonly name: string;
  /** Clusters on which it makes sense. */
  readonly fits?: (cluster: Cluster) => boolean;
  play(stage: Stage): Generator<number, void>;
}

/** What a fault plays on. */
export class Stage {
  readonly cluster: Cluster;
  readonly random: Random;
  readonly #settings: Readonly<Record<string, number>>;
  readonly #claimed: Set<object>;
  readonly #own: object[] = [];

  constructor(parts: {
    readonly cluster: Cluster;
    readonly random: Random;
    readonly settings: Readonly<Record<string, number>>;
    readonly claimed: Set<object>;
  }) {
    this.cluster = parts.cluster;
    this.random = parts.random;
    this.#settings = parts.settings;
    this.#claimed = parts.claimed;
  }

  get nowMs(): number {
    return this.cluster.nowMs;
  }

  /** A setting of the script, or one of [low, high). */
  setting(name: string, low: number, high = low): number {
    return this.#settings[name] ?? this.random.between(low, high);
  }

  /** Chooses one of `items` that no other fault has and `when` holds for; null if there is none. */
  claim<T extends object>(items: Iterable<T>, when: (item: T) => boolean = () => true): T | null {
    const free = [...items].filter((item) => !this.#claimed.has(item) && when(item));
    if (free.length === 0) return null;
    const item = this.random.pick(free);
    this.#claimed.add(item);
    this.#own.push(item);
    return item;
  }

  release(): void {
    for (const item of this.#own) this.#claimed.delete(item);
  }

  begin(truth: Omit<TruthStart, 'start'> & { readonly start?: number }): TruthItem {
    return this.cluster.truth.begin({ start: this.nowMs, ...truth });
  }

  end(item: TruthItem): void {
    this.cluster.truth.end(item, this.nowMs);
  }

  /** A fact that begins and ends at one moment. */
  note(truth: TruthStart): void {
    this.end(this.cluster.truth.begin(truth));
  }
}

/** Calls `turn` every `everyMs` for `durationMs`, with the share that has passed (0 to 1). */
export function* during(
  durationMs: number,
  everyMs: number,
  turn: (share: number) => void,
): Generator<number, void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += everyMs) {
    turn(passedMs / durationMs);
    yield everyMs;
  }
  turn(1);
}

/** Plays a fault on the cluster's agenda, from now on. */
export function perform(fault: Fault, stage: Stage): void {
  const story = fault.play(stage);
  const next = (): void => {
    const { done, value } = story.next();
    if (done) stage.release();
    else stage.cluster.agenda.call(stage.cluster.nowMs + Math.max(1, Math.round(value)), next);
  };
  next();
}

export const minutes = (count: number): number => count * 60_000;
