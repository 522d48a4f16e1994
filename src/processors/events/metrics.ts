import { tameRegExp } from '../../core/tame-regexp.ts';
import type { Label } from '../../engine/processor.ts';
import type { Atom } from './atoms.ts';
import type { Catalogue } from './catalogue.ts';
import type { NodeOfPod, Placed } from './match.ts';
import { componentOfJob, deploymentOfSet, nodeOfInstance, workloadOfPod } from './names.ts';
import { render, type Signal } from './rule.ts';

interface Probe {
  readonly signal: Signal;
  readonly labels: readonly (readonly [string, RegExp])[];
  readonly holds: ((value: number) => boolean) | null;
  readonly value: string | null;
  readonly sub: string | null;
  readonly on_end: boolean;
}

/** A change of one series: NaN stands for "no value before" and "ended". */
export interface Change {
  readonly labels: readonly Label[];
  readonly before: number;
  readonly after: number;
  readonly time: number;
  /** Within the first samples of the cluster. */
  readonly baseline: boolean;
  /** ms between samples; 0 until known. */
  readonly interval: number;
}

/** Turns changes of series into atoms. Series are told apart by metric name only, by number. */
export class MetricProbes {
  readonly #numbers = new Map<string, number>();
  readonly #probes: Probe[][] = [[]];

  constructor(catalogue: Catalogue) {
    for (const signal of catalogue.signals) {
      if (!signal.metric) continue;
      const { name, labels, is, value, sub, on_end } = signal.metric;
      let number = this.#numbers.get(name);
      if (number === undefined) {
        number = this.#probes.length;
        this.#numbers.set(name, number);
        this.#probes.push([]);
      }
      this.#probes[number]!.push({
        signal,
        labels: Object.entries(labels).map(([label, p]) => [label, tameRegExp(`^(?:${p})$`)]),
        holds: is === undefined ? null : comparison(is),
        value: value ?? null,
        sub: sub ?? null,
        on_end,
      });
    }
  }

  /** Number of the metric for `atoms`; 0 when no signal asks for it. */
  numberOf(metric: string): number {
    return this.#numbers.get(metric) ?? 0;
  }

  atoms(number: number, change: Change, nodeOf: NodeOfPod): Placed[] {
    const placed: Placed[] = [];
    let slots: Record<string, string> | undefined;
    for (const probe of this.#probes[number] ?? []) {
      const outcome = outcomeOf(probe, change);
      if (outcome === null) continue;
      slots ??= slotsOf(change.labels, nodeOf);
      if (!probe.labels.every(([label, pattern]) => pattern.test(slots![label] ?? ''))) continue;
      const scope = render(probe.signal.scope, slots);
      if (scope === null) continue;
      placed.push({ scope, atom: atomOf(probe, change, outcome, slots) });
    }
    return placed;
  }
}

type Outcome = ':on' | ':off' | ':gone' | '';

function outcomeOf(probe: Probe, { before, after }: Change): Outcome | null {
  const ended = Number.isNaN(after);
  if (probe.on_end) return ended ? ':gone' : null;
  if (probe.holds !== null) {
    const was = !Number.isNaN(before) && probe.holds(before);
    const is = !ended && probe.holds(after);
    if (was === is) return null;
    return is ? ':on' : ended ? ':gone' : ':off';
  }
  if (ended) return ':gone';
  if (probe.value !== null) return Number.isNaN(before) ? '' : null;
  // A series that starts at 0 says nothing yet.
  return Number.isNaN(before) && after === 0 ? null : '';
}

function atomOf(
  probe: Probe,
  change: Change,
  outcome: Outcome,
  slots: Record<string, string>,
): Atom {
  const atom: Atom = { t: change.time, k: probe.signal.id + outcome, s: 'm' };
  if (probe.value !== null) atom.v = render(probe.value, slots) ?? '';
  else if (probe.holds !== null) atom.v = change.interval;
  else if (outcome === '') atom.v = change.after;
  const sub = probe.sub === null ? null : render(probe.sub, slots);
  if (sub !== null) atom.sub = sub;
  if (change.baseline) atom.first = true;
  const x: Record<string, string> = {};
  for (const name of keptLabels) if (slots[name]) x[name] = slots[name];
  atom.x = x;
  return atom;
}

const keptLabels = [
  'namespace',
  'name',
  'node',
  'podNode',
  'deployment',
  'component',
  'persistentvolume',
  'persistentvolumeclaim',
];

function slotsOf(labels: readonly Label[], nodeOf: NodeOfPod): Record<string, string> {
  const slots: Record<string, string> = {};
  for (const [name, value] of labels) slots[name] = value;
  const { pod, job, instance } = slots;
  if (pod !== undefined) {
    slots['name'] ??= pod;
    slots['podNode'] = slots['node'] ?? nodeOf(`${slots['namespace'] ?? ''}/${pod}`);
    slots['workload'] = workloadOfPod(pod);
    slots['deployment'] ??= deploymentOfSet(slots['workload']);
  }
  if (job !== undefined) slots['component'] = componentOfJob(job);
  if (instance !== undefined) slots['node'] ??= nodeOfInstance(instance);
  slots['instance'] ??= '-';
  slots['zone'] ??= '-';
  return slots;
}

function comparison(text: string): (value: number) => boolean {
  const [operator, operand] = text.split(' ') as [string, string];
  const x = Number(operand);
  switch (operator) {
    case '==':
      return (value) => value === x;
    case '!=':
      return (value) => value !== x;
    case '>=':
      return (value) => value >= x;
    case '<=':
      return (value) => value <= x;
    case '>':
      return (value) => value > x;
    default:
      return (value) => value < x;
  }
}
