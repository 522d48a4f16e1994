import type { Unmatched } from './context.ts';
import type { StatusData } from './status-schema.ts';

/** What a partition tells of it. */
export type Unmet = Pick<StatusData, 'series' | 'settings_version' | 'unmatched'>;

/**
 * What no series of any partition matches, as the newest `status` of each says; nothing while no
 * series has come at all. Partitions with older settings than others are left out.
 */
export function unmatchedIn(stages: readonly Unmet[]): Unmatched[] {
  const newest = Math.max(...stages.map(({ settings_version }) => settings_version));
  // Records of older programs do not tell.
  const partitions = stages
    .filter(({ series, settings_version }) => series > 0 && settings_version === newest)
    .map(({ unmatched }) => unmatched ?? []);
  const [first = [], ...others] = partitions;
  return first.flatMap((one) => {
    const like = others.map((list) => list.find((other) => isSame(one, other)));
    if (like.includes(undefined)) return [];
    if ([one, ...like].some((each) => each!.taken)) return [{ ...one, unmet: [], taken: true }];
    const unmet = one.unmet.filter((part) => like.every((other) => other!.unmet.includes(part)));
    return [{ ...one, unmet }];
  });
}

const isSame = (a: Unmatched, b: Unmatched): boolean =>
  a.processor === b.processor && a.selector === b.selector;

/** What is wrong, for people. */
export const unmatchedText = ({ selector, unmet, taken }: Unmatched): string => {
  if (taken) return `no series is left for ${selector}: earlier routes take all that match`;
  const alone = unmet.length === 1 && unmet[0] === selector;
  const why =
    unmet.length === 0 ? ': no series has all of it' : `: no series has ${unmet.join(' or ')}`;
  return `no series matches ${selector}${alone ? '' : why}`;
};

/** Log time (ms) that series may take to come before it is told. */
const patienceMs = 5 * 60_000;

/** Says once of each selector that no series has matched it for minutes. */
export class UnmatchedWatch {
  readonly #tell: (unmatched: Unmatched) => void;
  /** Log time (ms) since when, by selector; Infinity once told. */
  #since = new Map<string, number>();
  /** The newest of each partition. */
  readonly #latest = new Map<string, StatusData>();

  constructor(tell: (unmatched: Unmatched) => void) {
    this.#tell = tell;
  }

  take(data: StatusData): void {
    // Further parts of a record say nothing of it.
    if ((data.part ?? 0) > 0) return;
    this.#latest.set(`${data.stage}/${data.partition}`, { ...data, clusters: [], senders: [] });
    const stages = [...this.#latest.values()];
    const now = Math.max(...stages.map(({ log_time }) => log_time));
    const next = new Map<string, number>();
    for (const one of unmatchedIn(stages)) {
      const key = JSON.stringify([one.processor, one.selector]);
      const since = this.#since.get(key) ?? now;
      const isTime = now - since >= patienceMs;
      if (isTime) this.#tell(one);
      next.set(key, isTime ? Number.POSITIVE_INFINITY : since);
    }
    this.#since = next;
  }
}
