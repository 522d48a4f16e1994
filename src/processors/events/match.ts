import { tameRegExp } from '../../core/tame-regexp.ts';
import type { KubernetesEvent } from '../../formats/kubernetes-events/event.ts';
import type { Atom } from './atoms.ts';
import type { Catalogue } from './catalogue.ts';
import { deploymentOfSet, workloadOfPod } from './names.ts';
import { type EventPattern, type Rule, render, type Signal } from './rule.ts';

/** Letters of a message that patterns see: four times what an API server takes today. */
const messageMax = 4_096;

interface Compiled {
  readonly signal: Signal;
  readonly kinds: ReadonlySet<string> | null;
  readonly component: RegExp | null;
  readonly type: string | undefined;
  readonly reason: RegExp | null;
  readonly message: RegExp | null;
  readonly told: ReadonlySet<string>;
}

export interface Placed {
  readonly scope: string;
  readonly atom: Atom;
}

/** Where the node of a pod is known from: `namespace/name` to node. */
export type NodeOfPod = (pod: string) => string;

/** Finds the signals of Kubernetes events: by reason first, then kind, component, type, message. */
export class EventMatcher {
  readonly #byReason = new Map<string, Compiled[]>();
  readonly #byPattern: Compiled[] = [];
  readonly #routine: ReadonlySet<string>;
  readonly #rules: readonly Rule[];

  constructor(catalogue: Catalogue) {
    this.#routine = catalogue.routine;
    this.#rules = catalogue.rules;
    for (const signal of catalogue.signals) {
      if (signal.event) this.#add(signal, signal.event);
    }
  }

  #add(signal: Signal, pattern: EventPattern): void {
    const list = (value: string | string[] | undefined): string[] =>
      value === undefined ? [] : [value].flat();
    const regexp = (text: string | undefined): RegExp | null =>
      text === undefined ? null : tameRegExp(text);
    const kinds = list(pattern.kind);
    const compiled: Compiled = {
      signal,
      kinds: kinds.length > 0 ? new Set(kinds) : null,
      component: regexp(pattern.component),
      type: pattern.type,
      reason: regexp(pattern.reason_pattern),
      message: regexp(pattern.message),
      told: toldByScope(signal, kinds.length > 0 ? new Set(kinds) : null, this.#rules),
    };
    const reasons = list(pattern.reason);
    if (reasons.length === 0) this.#byPattern.push(compiled);
    for (const reason of reasons) {
      const known = this.#byReason.get(reason);
      if (known) known.push(compiled);
      else this.#byReason.set(reason, [compiled]);
    }
  }

  /** Atoms of an event: one for its first occurrence, one for its last when that is later. */
  match(event: KubernetesEvent, nodeOf: NodeOfPod): Placed[] {
    const placed: Placed[] = [];
    const message = event.message.replace(/^\(combined from similar events\): /, '');
    for (const compiled of this.#byReason.get(event.reason) ?? []) {
      place(compiled, event, message, nodeOf, placed);
    }
    for (const compiled of this.#byPattern) {
      if (compiled.reason === null || compiled.reason.test(event.reason)) {
        place(compiled, event, message, nodeOf, placed);
      }
    }
    return placed;
  }

  /** Whether the catalogue knows the reason, be it as one that tells nothing. */
  isRoutine(event: KubernetesEvent): boolean {
    return (
      this.#routine.has(`${event.kind}/${event.reason}`) || this.#routine.has(`/${event.reason}`)
    );
  }
}

function place(
  compiled: Compiled,
  event: KubernetesEvent,
  message: string,
  nodeOf: NodeOfPod,
  placed: Placed[],
): void {
  if (compiled.kinds !== null && !compiled.kinds.has(event.kind)) return;
  if (compiled.component !== null && event.component !== '') {
    if (!compiled.component.test(event.component)) return;
  }
  if (compiled.type !== undefined && event.type !== '' && event.type !== compiled.type) return;
  const read = message.slice(0, messageMax);
  const found = compiled.message === null ? null : compiled.message.exec(read);
  if (compiled.message !== null && found === null) return;
  const slots = slotsOf(event, nodeOf, found?.groups);
  const scope = render(compiled.signal.scope, slots);
  if (scope === null) return;
  const x = keptSlots(compiled, slots, found?.groups);
  const base = { k: compiled.signal.id, s: 'e' as const, ...(x === null ? {} : { x }) };
  const e = event.name === '' ? {} : { e: event.name.slice(event.name.lastIndexOf('.') + 1) };
  const repeated = event.end - event.start >= 1000;
  const first = repeated || event.count === 1 ? {} : { c: event.count };
  placed.push({ scope, atom: { t: event.start, ...base, ...first, ...e } });
  if (repeated) placed.push({ scope, atom: { t: event.end, ...base, c: event.count, ...e } });
}

function slotsOf(
  event: KubernetesEvent,
  nodeOf: NodeOfPod,
  groups: Record<string, string | undefined> | undefined,
): Record<string, string> {
  const slots: Record<string, string> = {
    kind: event.kind,
    namespace: event.namespace,
    name: event.object,
    host: event.host,
    container: event.container,
    // Shapes without component still have the host, and what reports from a node is its kubelet.
    component: event.component || (event.host === '' ? '' : 'kubelet'),
    reason: event.reason,
  };
  if (event.kind === 'Pod') {
    slots['workload'] = workloadOfPod(event.object);
    slots['deployment'] = deploymentOfSet(slots['workload']);
    slots['podNode'] = event.host || nodeOf(`${event.namespace}/${event.object}`);
  } else if (event.kind === 'ReplicaSet') {
    slots['deployment'] = deploymentOfSet(event.object);
  }
  for (const [name, value] of Object.entries(groups ?? {})) {
    if (value !== undefined) slots[name] = value;
  }
  return slots;
}

const kept = ['kind', 'namespace', 'name', 'component', 'deployment', 'podNode'];

/** Slots that the scope does not tell: evidence is kept for hours, so it is kept small. */
function keptSlots(
  compiled: Compiled,
  slots: Record<string, string>,
  groups: Record<string, string | undefined> | undefined,
): Record<string, string> | null {
  const x: Record<string, string> = {};
  for (const name of [...kept, ...Object.keys(groups ?? {})]) {
    const value = slots[name];
    if (value === undefined || value === '' || compiled.told.has(name)) continue;
    x[name] = value;
  }
  return Object.keys(x).length === 0 ? null : x;
}

/** Slots that can be read from the scope, or follow from it. */
function toldByScope(
  signal: Signal,
  kinds: ReadonlySet<string> | null,
  rules: readonly Rule[],
): Set<string> {
  const told = new Set(slotsIn(signal.scope));
  if (told.has('name')) told.add('deployment');
  if (kinds !== null && kinds.size === 1) told.add('kind');
  if (kinds === null || !kinds.has('Node')) told.add('component');
  for (const { start, object } of rules) {
    if (object === signal.scope || !start.includes(signal.id)) continue;
    for (const slot of slotsIn(object)) told.delete(slot);
  }
  return told;
}

const slotsIn = (template: string): string[] =>
  [...template.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!);
