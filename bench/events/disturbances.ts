import type { Input } from '../../src/cli/events/input.ts';
import { randomOf } from '../../src/models/series.test-kit.ts';

type Change = (inputs: readonly Input[]) => Input[];

const inOrder = (inputs: readonly Input[]): Input[] => inputs.toSorted((a, b) => a.time - b.time);

/** Half of the lines with events are lost. */
function half(inputs: readonly Input[]): Input[] {
  const random = randomOf(1);
  return inputs.filter((input) => !('event' in input) || random() >= 0.5);
}

const refillMs = 300_000;

/**
 * client-go's spam filter once more, with emitters so busy that it leaves a burst of `burst`: then
 * one event per source and object in 5 minutes. Updates of events that passed come through.
 */
const filtered =
  (burst: number): Change =>
  (inputs) => {
    const buckets = new Map<string, { tokens: number; at: number }>();
    const passed = new Set<string>();
    return inputs.filter((input) => {
      if (!('event' in input)) return true;
      const { event } = input;
      if (passed.has(event.name)) return true;
      const key = [event.component, event.host, event.kind, event.namespace, event.object].join();
      const bucket = buckets.get(key) ?? { tokens: burst, at: event.end };
      buckets.set(key, bucket);
      const refilled = Math.max(0, event.end - bucket.at) / refillMs;
      bucket.tokens = Math.min(burst, bucket.tokens + refilled);
      bucket.at = Math.max(bucket.at, event.end);
      if (bucket.tokens < 1) return false;
      bucket.tokens--;
      passed.add(event.name);
      return true;
    });
  };

/** Two routers, listed anew after 20 minutes, in any order. */
function repeated(inputs: readonly Input[]): Input[] {
  const random = randomOf(2);
  const late = (input: Input, most: number): Input => ({
    ...input,
    time: input.time + Math.round(random() * most),
  });
  return inOrder(
    inputs.flatMap((input) =>
      'event' in input
        ? [late(input, 60_000), late(input, 60_000), late(input, 1_200_000)]
        : [input],
    ),
  );
}

/** What collectors and recorders do to a stream of both sources. */
export const disturbances: Readonly<Record<string, Change>> = {
  'half of the events lost': half,
  'a spam filter of burst 25': filtered(25),
  'a spam filter of burst 5': filtered(5),
  'two routers and a new list': repeated,
};
