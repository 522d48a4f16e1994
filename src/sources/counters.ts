/** What a source read and what became of it, since the start. */
export interface SourceCounters {
  /** Records of a topic, lines of a body, events of a watch. */
  records: number;
  /** Durable. */
  samples: number;
  /** Kubernetes events that are durable. */
  events: number;
  /** Records that hold nothing of ours, such as platform logs around Kubernetes events. */
  others: number;
  /** Requests to the gateway. */
  requests: number;
  /** What the gateway did not take at once. */
  retries: number;
  /** How often it was opened again. */
  restarts: number;
  /** Records that retention took before they were read. */
  lost: number;
  /** Lists of a watch: one at the start, one after each gap. */
  lists: number;
  /** What could not be used, by reason. */
  readonly rejected: Map<string, number>;
}

export const newCounters = (): SourceCounters => ({
  records: 0,
  samples: 0,
  events: 0,
  others: 0,
  requests: 0,
  retries: 0,
  restarts: 0,
  lost: 0,
  lists: 0,
  rejected: new Map(),
});

export function reject(counters: SourceCounters, reason: string): void {
  counters.rejected.set(reason, (counters.rejected.get(reason) ?? 0) + 1);
}
