import type { KubernetesEvent } from '../../formats/kubernetes-events/event.ts';
import type { Interval } from '../../processors/events/interval.ts';
import { Driver } from './driver.ts';
import type { Input } from './input.ts';

/** A story for the events processor, told in seconds. */
export class Script {
  readonly start = 1_795_354_900_000;
  readonly inputs: Input[] = [];
  #events = 0;

  /** An event at `at` seconds that arrives `late` seconds after it. */
  event(at: number, said: Partial<KubernetesEvent> & { reason: string }, late = 0): this {
    const time = this.start + at * 1000;
    const base: KubernetesEvent = {
      version: 1,
      cluster: null,
      verb: 'ADDED',
      name: `x.${this.#events++}`,
      uid: '',
      kind: 'Node',
      namespace: '',
      object: 'n1',
      container: '',
      type: 'Normal',
      message: '',
      component: 'kubelet',
      host: 'n1',
      first: time,
      last: time,
      eventTime: null,
      created: time,
      start: time,
      end: time,
      count: 1,
      series: null,
      reason: said.reason,
    };
    this.inputs.push({ time: time + late * 1000, event: { ...base, ...said } });
    return this;
  }

  /** Values of one series at a time; null ends it. */
  metric(at: number, metric: string, labels: Record<string, string>, value: number | null): this {
    const t = this.start + at * 1000;
    this.inputs.push({ time: t, sample: { t, metric, labels, value } });
    return this;
  }

  condition(at: number, node: string, name: string, value: number | null): this {
    const labels = { node, condition: name, status: 'true' };
    return this.metric(at, 'kube_node_status_condition', labels, value);
  }

  /** Scrapes of healthy nodes each 15 s from `from` to `to`. */
  healthy(from: number, to: number, nodes: readonly string[]): this {
    for (let at = from; at <= to; at += 15) {
      for (const node of nodes) this.condition(at, node, 'Ready', 1);
    }
    return this;
  }

  run(settings: unknown = {}): Told {
    const driver = new Driver(settings);
    driver.run(
      this.inputs.toSorted((a, b) => a.time - b.time),
      'c1',
    );
    return new Told(driver, this.start);
  }
}

/** What a driver told, for expectations in seconds. */
export class Told {
  readonly driver: Driver;
  readonly #start: number;

  constructor(driver: Driver, start: number) {
    this.driver = driver;
    this.#start = start;
  }

  get revisions(): readonly Interval[] {
    return this.driver.outputs.map(({ data }) => data as Interval);
  }

  /** Intervals that stand, by start. */
  get intervals(): readonly Interval[] {
    const newest = new Map(this.revisions.map((interval) => [interval.id, interval]));
    return [...newest.values()]
      .filter((interval) => interval.change !== 'withdraw')
      .sort((a, b) => a.start - b.start);
  }

  /** `fact object start..end` in seconds. */
  get lines(): string[] {
    const at = (time: number | null): string =>
      time === null ? '' : String((time - this.#start) / 1000);
    return this.intervals.map((i) => `${i.fact} ${i.object} ${at(i.start)}..${at(i.end)}`);
  }
}
