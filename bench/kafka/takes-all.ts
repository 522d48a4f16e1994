import type { TopicSourceParts } from '../../src/sources/kafka-topic/topic-source.ts';

/** A gateway that takes everything at once, so that a source is measured alone. */
export const takesAll: TopicSourceParts = {
  write: async ({ samples }) => ({ outcome: 'written', written: { samples, histograms: 0 } }),
  append: async () => {},
  reject: async () => {},
  now: Date.now,
  elapsed: () => performance.now(),
  warn: () => {},
};
