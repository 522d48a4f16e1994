import type { Input, MetricLine } from '../../src/cli/events/input.ts';
import type { TruthFact } from '../../src/cli/events/truth.ts';
import type { Recorder, Said } from './recorder.ts';

/** Metrics that ACM collects by default (reference: fact 9). */
const acm = new Set([
  'cluster_version',
  'cluster_version_payload',
  'cluster_operator_conditions',
  'cluster_operator_up',
  'kube_node_status_condition',
  'kube_node_spec_unschedulable',
  'kube_pod_info',
  'etcd_server_leader_changes_seen_total',
  'etcd_server_has_leader',
  'up',
]);

export interface SimNode {
  readonly name: string;
  readonly created: number;
  ready: 'true' | 'false' | 'unknown';
  answers: boolean;
  cordoned: boolean;
  readonly pressure: Record<'Memory' | 'Disk' | 'PID', boolean>;
  version: string;
  image: string;
  boot: number;
  pods: string[];
  /** Something is being done to it. */
  busy: boolean;
}

/** A fact that the simulator made, with what ACM's metrics show of it. */
export interface SimFact extends TruthFact {
  readonly acm: boolean;
  end: number | null;
}

export interface WorldOptions {
  readonly scrapeMs: number;
  /** Only the metrics that ACM collects by default. */
  readonly acmOnly: boolean;
}

/** A cluster with its state, its clock, what it says and what its scrapes show. */
export class World {
  readonly nodes = new Map<string, SimNode>();
  readonly gauges = new Map<string, MetricLine>();
  readonly facts: SimFact[] = [];
  readonly inputs: Input[] = [];
  now: number;
  readonly #recorder: Recorder;
  readonly #options: WorldOptions;
  readonly #queue: { time: number; order: number; run: () => void }[] = [];
  readonly #shown = new Map<string, MetricLine>();
  #order = 0;

  constructor(start: number, recorder: Recorder, options: WorldOptions) {
    this.now = start;
    this.#recorder = recorder;
    this.#options = options;
  }

  after(ms: number, run: () => void): void {
    this.#queue.push({ time: this.now + ms, order: this.#order++, run });
  }

  say(said: Said): void {
    const event = this.#recorder.say(this.now, said);
    if (event !== null) this.inputs.push({ time: this.now, event });
  }

  kubelet(node: string, reason: string, message = `Node ${node} status is now: ${reason}`): void {
    const warning = ['Rebooted', 'EvictionThresholdMet', 'SystemOOM'].includes(reason);
    const said = { kind: 'Node', name: node, reason, message, component: 'kubelet', host: node };
    this.say({ ...said, warning });
  }

  controller(node: string, reason: string, message: string): void {
    this.say({ kind: 'Node', name: node, reason, message, component: 'node-controller' });
  }

  gauge(metric: string, labels: Record<string, string>, value: number | null): void {
    const key = JSON.stringify([metric, labels]);
    if (value === null) this.gauges.delete(key);
    else this.gauges.set(key, { t: 0, metric, labels, value });
  }

  begin(fact: string, object: string, seenByAcm: boolean): SimFact {
    const id = `sim-${this.facts.length}`;
    const made = { id, fact, object, start: this.now, end: null, parent: null, acm: seenByAcm };
    this.facts.push(made);
    return made;
  }

  /** Runs until `until`, with a scrape per interval. */
  run(until: number): void {
    let scrape = Math.ceil(this.now / this.#options.scrapeMs) * this.#options.scrapeMs;
    while (this.now < until) {
      this.#queue.sort((a, b) => a.time - b.time || a.order - b.order);
      const next = this.#queue[0];
      if (next !== undefined && next.time <= scrape) {
        this.#queue.shift();
        this.now = next.time;
        next.run();
        continue;
      }
      this.now = scrape;
      this.#scrape();
      scrape += this.#options.scrapeMs;
    }
  }

  #scrape(): void {
    const lines = new Map<string, MetricLine>();
    const add = (metric: string, labels: Record<string, string>, value: number): void => {
      if (this.#options.acmOnly && !acm.has(metric)) return;
      lines.set(JSON.stringify([metric, labels]), { t: this.now, metric, labels, value });
    };
    for (const node of this.nodes.values()) showNode(node, add);
    for (const { metric, labels, value } of this.gauges.values()) add(metric, labels, value!);
    for (const [key, line] of this.#shown) {
      if (!lines.has(key)) lines.set(key, { ...line, t: this.now, value: null });
    }
    for (const [key, line] of lines) {
      this.inputs.push({ time: this.now, sample: line });
      if (line.value === null) this.#shown.delete(key);
      else this.#shown.set(key, line);
    }
  }
}

type Add = (metric: string, labels: Record<string, string>, value: number) => void;

function showNode(node: SimNode, add: Add): void {
  const { name } = node;
  for (const status of ['true', 'false', 'unknown']) {
    const labels = { condition: 'Ready', node: name, status };
    add('kube_node_status_condition', labels, node.ready === status ? 1 : 0);
    for (const kind of ['Memory', 'Disk', 'PID'] as const) {
      const is = node.ready === 'unknown' ? 'unknown' : String(node.pressure[kind]);
      const pressure = { condition: `${kind}Pressure`, node: name, status };
      add('kube_node_status_condition', pressure, is === status ? 1 : 0);
    }
  }
  add('kube_node_spec_unschedulable', { node: name }, node.cordoned ? 1 : 0);
  add('kube_node_created', { node: name }, Math.floor(node.created / 1000));
  add('kube_node_info', { node: name, kubelet_version: node.version, os_image: node.image }, 1);
  add('up', { job: 'kubelet', node: name }, node.answers ? 1 : 0);
  if (node.answers) add('node_boot_time_seconds', { instance: name }, Math.floor(node.boot / 1000));
  for (const pod of node.pods) {
    const labels = { namespace: 'shop', pod, node: name, created_by_kind: 'ReplicaSet' };
    add('kube_pod_info', { ...labels, created_by_name: 'web-5d964459dd' }, 1);
  }
}
