import { describe, expect, it } from 'vitest';
import type { KubernetesEvent } from '../../formats/kubernetes-events/event.ts';
import { Script } from './script.test-kit.ts';

export type Said = Partial<KubernetesEvent> & { reason: string };

export const at = { component: '', host: '' };
export const nodes = ['n1', 'n2', 'n3'];

/** A story that events and metrics tell: told by each alone and by both. */
export interface Story {
  readonly name: string;
  events?(script: Script): void;
  metrics?(script: Script): void;
  readonly fromEvents?: readonly string[];
  readonly fromMetrics?: readonly string[];
  readonly fromBoth: readonly string[];
}

export const pod = { ...at, kind: 'Pod', namespace: 'shop', object: 'web-5d964459dd-lzldc' };

/** A node's series from `from` on. */
export function lives(script: Script, node: string, from: number, to: number | null = null): void {
  for (let t = from; t <= 900; t += 15) {
    if (to !== null && t >= to) {
      script.condition(t, node, 'Ready', null);
      return;
    }
    script.condition(t, node, 'Ready', 1);
  }
}

/** The same event object once more, with a later time and a greater count. */
export function grown(
  s: Script,
  first: number,
  last: number,
  count: number,
  said: Said,
): Script['inputs'][number] {
  const once = new Script().event(first, said).inputs[0]!;
  if (!('event' in once)) throw new Error('no event');
  const end = s.start + last * 1000;
  return { time: end, event: { ...once.event, last: end, end, count } };
}

const told = (tell: (script: Script) => void): string[] => {
  const script = new Script();
  tell(script);
  return script.run().lines;
};

/** Tests of stories: from each source alone, and from both. */
export function tellStories(stories: readonly Story[]): void {
  describe.each(stories)('$name', (story) => {
    const { events, metrics, fromEvents, fromMetrics, fromBoth } = story;
    it.runIf(events && fromEvents)('from events', () => {
      expect(told((s) => events!.call(story, s))).toEqual(fromEvents);
    });
    it.runIf(metrics && fromMetrics)('from metrics', () => {
      expect(told((s) => metrics!.call(story, s))).toEqual(fromMetrics);
    });
    it('from all', () => {
      const lines = told((s) => {
        events?.call(story, s);
        metrics?.call(story, s);
      });
      expect(lines).toEqual(fromBoth);
    });
  });
}
