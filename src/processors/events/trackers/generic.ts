import type { Atom, Timeline } from '../atoms.ts';
import { type Affinity, affinityOf, type Draft, type Evidence, evidenceOf } from '../draft.ts';
import { type Rule, render } from '../rule.ts';

type Role = 'start' | 'end' | 'during';

/** Signals of a rule by role; an end wins over a start of the same name. */
export function rolesOf(rule: Rule): ReadonlyMap<string, Role> {
  const roles = new Map<string, Role>();
  for (const role of ['during', 'start', 'end'] as const) {
    for (const signal of rule[role]) roles.set(signal, role);
  }
  return roles;
}

export function objectOf(rule: Rule, scope: string, atom: Atom): string {
  return render(rule.object, atom.x ?? {}) ?? scope;
}

/** Affinity of a draft: of its object, and of the node and deployment of its first evidence. */
export function affinityOfAtom(object: string, atom: Atom): Affinity {
  const x = atom.x ?? {};
  const node = x['podNode'] ?? x['node'];
  return { ...(object.startsWith('Pod/') && node ? { node } : {}), ...affinityOf(object) };
}

function slotsOf(rule: Rule, atom: Atom): Record<string, string> {
  const slots: Record<string, string> = {};
  for (const name of rule.slots) if (atom.x?.[name]) slots[name] = atom.x[name];
  return slots;
}

interface Open {
  readonly first: Atom;
  last: number;
  readonly evidence: Evidence[];
  /** Series that say it goes on. */
  readonly on: Set<string>;
  /** An end said by an event while a series still says it goes on. */
  doubt: Atom | null;
}

const seriesOf = (atom: Atom): string => `${atom.k.split(':')[0]}/${atom.sub ?? ''}`;

/** How much later than an event a series may show its change. */
const lagMs = 5_000;

/**
 * Intervals of a rule over one timeline. Opened by the first start, closed by the first end that
 * holds: an event that ends what a metric still shows (a kubelet's start message) waits for the
 * metric; then the earlier time counts.
 */
export class IntervalTracker {
  readonly #rule: Rule;
  readonly #scope: string;
  readonly #now: number;
  readonly #roles: ReadonlyMap<string, Role>;
  readonly #drafts: Draft[] = [];
  #open: Open | null = null;
  /** The event that ended the last interval, when nothing else did. */
  #ended: Atom | null = null;

  constructor(rule: Rule, scope: string, now: number) {
    this.#rule = rule;
    this.#scope = scope;
    this.#now = now;
    this.#roles = rolesOf(rule);
  }

  run(timeline: Timeline): Draft[] {
    for (const atom of timeline) {
      const role = this.#roles.get(atom.k);
      if (role === undefined) continue;
      this.#closeQuiet(atom.t);
      if (role === 'start') this.#start(atom);
      else if (role === 'end') this.#end(atom);
      else if (this.#open !== null) this.#note(this.#open, atom, 'during');
    }
    this.#closeQuiet(this.#now);
    if (this.#open !== null) this.#finish(this.#open, null, null);
    const { hold } = this.#rule;
    return this.#drafts.filter((d) => (d.end ?? this.#now) - d.start >= (hold ?? 0));
  }

  #start(atom: Atom): void {
    if (this.#open === null && this.#trails(atom)) return;
    this.#open ??= this.#rejoined(atom) ?? {
      first: atom,
      last: atom.t,
      evidence: [],
      on: new Set(),
      doubt: null,
    };
    this.#note(this.#open, atom, 'start');
    this.#open.doubt = null;
    if (atom.k.endsWith(':on')) this.#open.on.add(seriesOf(atom));
  }

  /**
   * Exporters lag, and times of events are cut to the second: a series that still shows what an
   * event has just ended begins nothing. It is over when the series says so, as of the event.
   */
  #trails(atom: Atom): boolean {
    const end = this.#ended;
    if (atom.s !== 'm' || end === null || atom.t - end.t > lagMs) return false;
    const previous = this.#drafts.pop()!;
    const first = this.#firstOf(previous, { ...atom, t: previous.start });
    const evidence = [...previous.evidence, evidenceOf(atom, 'during')];
    this.#open = { first, last: atom.t, evidence, on: new Set([seriesOf(atom)]), doubt: end };
    return true;
  }

  /** The interval before, taken up again when it ended just now. */
  #rejoined(atom: Atom): Open | null {
    const previous = this.#drafts.at(-1);
    const { rejoin } = this.#rule;
    if (previous === undefined || previous.end === null || rejoin === undefined) return null;
    if (atom.t - previous.end > rejoin) return null;
    this.#drafts.pop();
    const first = { ...atom, t: previous.start };
    return {
      first: this.#firstOf(previous, first),
      last: atom.t,
      evidence: [...previous.evidence],
      on: new Set(),
      doubt: null,
    };
  }

  readonly #firsts = new Map<Draft, Atom>();
  #firstOf(draft: Draft, fallback: Atom): Atom {
    return this.#firsts.get(draft) ?? fallback;
  }

  #note(open: Open, atom: Atom, role: Role): void {
    open.last = atom.t;
    open.evidence.push(evidenceOf(atom, role));
  }

  #end(atom: Atom): void {
    const open = this.#open;
    if (open === null) return;
    if (atom.s === 'e') {
      open.evidence.push(evidenceOf(atom, 'end'));
      if (open.on.size > 0) open.doubt ??= atom;
      else {
        this.#finish(open, atom.t, atom.k);
        this.#ended = atom;
      }
      return;
    }
    if (!open.on.delete(seriesOf(atom))) return;
    open.evidence.push(evidenceOf(atom, 'end'));
    if (open.on.size > 0) return;
    const by = open.doubt ?? atom;
    this.#finish(open, by.t, by.k);
  }

  #closeQuiet(time: number): void {
    const open = this.#open;
    const { quiet } = this.#rule;
    if (open === null || quiet === undefined || open.on.size > 0) return;
    if (time - open.last > quiet) this.#finish(open, open.last, 'quiet');
  }

  #finish(open: Open, end: number | null, endBy: string | null): void {
    this.#open = null;
    this.#ended = null;
    const object = objectOf(this.#rule, this.#scope, open.first);
    const draft: Draft = {
      rule: this.#rule,
      object,
      slots: slotsOf(this.#rule, open.first),
      start: open.first.t,
      end,
      endBy,
      evidence: open.evidence,
      affinity: affinityOfAtom(object, open.first),
    };
    this.#firsts.set(draft, open.first);
    this.#drafts.push(draft);
  }
}

/** Repeats of one fact within this time are one (reference 2.8). */
export const sameFactMs = 5 * 60_000;

/** Facts without duration: one per object; evidence within 5 min of the first is the same. */
export function instants(rule: Rule, scope: string, timeline: Timeline): Draft[] {
  const roles = rolesOf(rule);
  const found: { first: Atom; object: string; evidence: Evidence[] }[] = [];
  for (const atom of timeline) {
    if (roles.get(atom.k) !== 'start') continue;
    // How long a series that was there from the beginning has said so is not known.
    if (atom.first) continue;
    const object = objectOf(rule, scope, atom);
    const same = found.findLast((f) => f.object === object && atom.t - f.first.t <= sameFactMs);
    if (same) same.evidence.push(evidenceOf(atom, 'start'));
    else found.push({ first: atom, object, evidence: [evidenceOf(atom, 'start')] });
  }
  return found.map(({ first, object, evidence }) => ({
    rule,
    object,
    slots: slotsOf(rule, first),
    start: first.t,
    end: first.t,
    endBy: first.k,
    evidence,
    affinity: affinityOfAtom(object, first),
  }));
}

/** Facts that a value changed: one per step of a series, with what it was before. */
export function changes(rule: Rule, scope: string, timeline: Timeline): Draft[] {
  const values = new Map<string, string>();
  const drafts: Draft[] = [];
  for (const atom of timeline) {
    if (!rule.start.includes(atom.k) || atom.v === undefined) continue;
    const series = seriesOf(atom);
    const before = values.get(series);
    const after = String(atom.v);
    values.set(series, after);
    if (before === undefined || before === after) continue;
    const object = objectOf(rule, scope, atom);
    drafts.push({
      rule,
      object,
      slots: { ...slotsOf(rule, atom), from: before, to: after },
      start: atom.t,
      end: atom.t,
      endBy: atom.k,
      evidence: [evidenceOf(atom, 'start')],
      affinity: affinityOfAtom(object, atom),
    });
  }
  return drafts;
}

/** Facts that many repeats make: `at_least` occurrences `within` a time, until it is quiet. */
export function storms(rule: Rule, scope: string, timeline: Timeline, now: number): Draft[] {
  const roles = rolesOf(rule);
  const within = rule.within ?? sameFactMs;
  const quiet = rule.quiet ?? within;
  const drafts: Draft[] = [];
  let run: Atom[] = [];
  const counted = new Map<string, number>();
  const gains = new Map<Atom, number>();
  const close = (end: number | null, endBy: string | null): void => {
    const from = dense(run, gains, within, rule.at_least);
    if (from !== null) drafts.push(stormDraft(rule, scope, run.slice(from), end, endBy));
    run = [];
  };
  for (const atom of timeline) {
    const role = roles.get(atom.k);
    const last = run.at(-1);
    if (last !== undefined && atom.t - last.t > quiet) close(last.t, 'quiet');
    if (role === 'end' && run.length > 0) close(atom.t, atom.k);
    if (role !== 'start') continue;
    const before = counted.get(atom.e ?? '') ?? 0;
    const count = atom.c ?? 1;
    gains.set(atom, atom.e === undefined ? count : Math.max(0, count - before));
    counted.set(atom.e ?? '', Math.max(before, count));
    run.push(atom);
  }
  const last = run.at(-1);
  if (last !== undefined) {
    if (now - last.t > quiet) close(last.t, 'quiet');
    else close(null, null);
  }
  return drafts;
}

/** Index of the first atom of a window that holds enough occurrences; null when none does. */
function dense(
  run: readonly Atom[],
  gains: ReadonlyMap<Atom, number>,
  within: number,
  at_least: number,
): number | null {
  let from = 0;
  let sum = 0;
  for (const atom of run) {
    sum += gains.get(atom) ?? 0;
    while (run[from]!.t < atom.t - within) sum -= gains.get(run[from++]!) ?? 0;
    if (sum >= at_least) return from;
  }
  return null;
}

function stormDraft(
  rule: Rule,
  scope: string,
  atoms: readonly Atom[],
  end: number | null,
  endBy: string | null,
): Draft {
  const first = atoms[0]!;
  const object = objectOf(rule, scope, first);
  return {
    rule,
    object,
    slots: slotsOf(rule, first),
    start: first.t,
    end,
    endBy,
    evidence: atoms.map((atom) => evidenceOf(atom, 'start')),
    affinity: affinityOfAtom(object, first),
  };
}
