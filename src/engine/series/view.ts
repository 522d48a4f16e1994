import type { Families } from '../families.ts';
import type { TrackedSeries } from '../selection.ts';
import type { SeriesTracker } from './tracker.ts';

/** The tracker's view, with the type of a series' family where it has none of its own. */
export function seriesViewOf(tracker: SeriesTracker, families: Families): TrackedSeries {
  return {
    get count() {
      return tracker.count;
    },
    labels: (slot) => tracker.labels(slot),
    label: (slot, name) => tracker.label(slot, name),
    cluster: (slot) => tracker.cluster(slot),
    interval: (slot) => tracker.interval(slot),
    lastTime: (slot) => tracker.lastTime(slot),
    isTracked: (slot) => tracker.isTracked(slot),
    firstMatch(matchers, from, accepts) {
      const matches = tracker.identity.tester(matchers);
      for (let slot = from; matches && slot < tracker.count; slot++) {
        if (tracker.isTracked(slot) && matches(slot) && accepts(slot)) return slot;
      }
      return -1;
    },
    isLive: (slot) => tracker.isLive(slot),
    clock: (slot) => tracker.clock(slot),
    silence: (slot) => tracker.silence(slot),
    type: (slot) =>
      tracker.type(slot) || families.type(tracker.cluster(slot), tracker.label(slot, '__name__')),
  };
}
