import { utf8 } from '../../core/bytes.ts';
import { xxh32 } from '../../core/xxh32.ts';
import type { Composed } from './compose.ts';
import type { Draft, Evidence } from './draft.ts';
import type { Interval } from './interval.ts';
import type { Rule } from './rule.ts';
import type { ClusterRow, Shown } from './state.ts';
import { sameFactMs } from './trackers/generic.ts';

export interface Teller {
  readonly row: ClusterRow;
  readonly tenant: string;
  readonly cluster: string;
  /** Log time. */
  readonly now: number;
  /** Evidence before this may be gone: what began and ended before is left as it was told. */
  readonly horizon: number;
  /** What ended this long ago is only made more exact, never explained anew. */
  readonly settledMs: number;
  tell(interval: Interval, revision: number): void;
}

/** Matches what was derived with what was told, and tells the difference as revisions. */
export function tellAll(teller: Teller, composed: readonly Composed[]): void {
  const ids = matchIds(teller, composed);
  const current = new Set(ids.values());
  for (const [id, shown] of Object.entries(teller.row.shown)) {
    const { change, start } = shown.interval;
    if (current.has(id) || change === 'withdraw' || start < teller.horizon) continue;
    if (isSettled(teller, shown.interval)) continue;
    revise(teller, shown, { ...shown.interval, change: 'withdraw' });
  }
  for (const one of composed) {
    const id = ids.get(one);
    if (id === undefined || isFrozen(teller, teller.row.shown[id]?.interval)) continue;
    const parent = one.parent === null ? null : (ids.get(one.parent) ?? null);
    tellOne(teller, one, id, parent);
  }
}

/** Ends all that lasts, because nobody looks any more. */
export function closeAll(teller: Pick<Teller, 'row' | 'now' | 'tell'>): void {
  for (const shown of Object.values(teller.row.shown)) {
    const { interval } = shown;
    if (interval.end !== null || interval.change === 'withdraw') continue;
    const end = Math.max(interval.start, teller.now);
    revise(teller, shown, { ...interval, change: 'close', end, endBy: 'switched-off' });
  }
}

/** Near the horizon the evidence is no longer whole. */
function isFrozen(teller: Teller, interval: Interval | undefined): boolean {
  if (interval === undefined || interval.start >= teller.horizon) return false;
  return interval.end !== null || interval.change === 'withdraw';
}

function isSettled(teller: Teller, interval: Interval): boolean {
  const { end, change } = interval;
  return end !== null && change !== 'withdraw' && end < teller.now - teller.settledMs;
}

const keyOf = (rule: string, object: string, slots: string): string =>
  `${rule}\0${object}\0${slots}`;

function slotsKey(rule: Rule, slots: Readonly<Record<string, string>>): string {
  return rule.slots.map((name) => slots[name] ?? '').join('\0');
}

/** Ids of intervals told before where they are the same fact, new ones for the rest. */
function matchIds(teller: Teller, composed: readonly Composed[]): Map<Composed, string> {
  const told = new Map<string, [string, Shown][]>();
  for (const entry of Object.entries(teller.row.shown)) {
    const { rule, object } = entry[1].interval;
    const key = `${rule}\0${object}`;
    const list = told.get(key);
    if (list) list.push(entry);
    else told.set(key, [entry]);
  }
  const settled = new Set(
    Object.values(teller.row.shown)
      .filter((shown) => isSettled(teller, shown.interval))
      .map(({ interval }) => `${interval.object}\0${interval.start}`),
  );
  const ids = new Map<Composed, string>();
  const used = new Set<string>();
  for (const one of composed) {
    const { rule, object, slots } = one.draft;
    const best = bestMatch(
      one.draft,
      told.get(`${rule.id}\0${object}`) ?? [],
      used,
      slotsKey(rule, slots),
    );
    if (best !== null) {
      used.add(best);
      ids.set(one, best);
    }
  }
  for (const one of composed) {
    if (ids.has(one) || one.draft.start < teller.horizon) continue;
    const { object, start } = one.draft;
    if (settled.has(`${object}\0${Math.round(start)}`)) continue;
    const id = newId(teller, one.draft, used);
    used.add(id);
    ids.set(one, id);
  }
  return ids;
}

function bestMatch(
  draft: Draft,
  candidates: readonly [string, Shown][],
  used: ReadonlySet<string>,
  slots: string,
): string | null {
  let best: string | null = null;
  let nearest = Number.POSITIVE_INFINITY;
  for (const [id, { interval }] of candidates) {
    if (used.has(id)) continue;
    // A slot that one of both does not know yet may become known.
    const known = slotsKey(draft.rule, interval.slots);
    if (known !== slots && known.replaceAll('\0', '') !== '' && slots.replaceAll('\0', '') !== '') {
      continue;
    }
    const distance = Math.abs(interval.start - draft.start);
    const overlap =
      draft.start <= (interval.end ?? Number.POSITIVE_INFINITY) &&
      interval.start <= (draft.end ?? Number.POSITIVE_INFINITY);
    if (distance > sameFactMs && !overlap) continue;
    if (distance < nearest) [best, nearest] = [id, distance];
  }
  return best;
}

/** 64 bits of hash of what the interval is about. */
function newId(teller: Teller, draft: Draft, used: ReadonlySet<string>): string {
  const about = keyOf(draft.rule.id, draft.object, slotsKey(draft.rule, draft.slots));
  for (let turn = 0; ; turn++) {
    const bytes = utf8(`${teller.tenant}\0${teller.cluster}\0${about}\0${draft.start}\0${turn}`);
    const hex = (seed: number): string => xxh32(bytes, seed).toString(16).padStart(8, '0');
    const id = `e${hex(0)}${hex(1)}`;
    if (!used.has(id) && teller.row.shown[id] === undefined) return id;
  }
}

function tellOne(teller: Teller, one: Composed, id: string, parent: string | null): void {
  const { draft } = one;
  const shown = teller.row.shown[id];
  const interval = intervalOf(teller, one, id, parent, shown?.interval);
  const print = printOf(interval);
  if (shown === undefined) {
    interval.change = draft.end === null ? 'open' : 'close';
    teller.row.shown[id] = { revision: 0, print, told: teller.now, interval };
    teller.tell(interval, 0);
    return;
  }
  // Growing counts and evidence are worth a revision a minute at most.
  const grew = shown.interval.count !== interval.count;
  if (shown.print === print && !(grew && teller.now - shown.told >= 60_000)) {
    if (shown.interval.change !== 'withdraw') return;
  }
  const closes = draft.end !== null && shown.interval.end === null;
  interval.change = closes ? 'close' : 'update';
  shown.print = print;
  revise(teller, shown, interval);
}

function revise(teller: Pick<Teller, 'now' | 'tell'>, shown: Shown, interval: Interval): void {
  shown.interval = interval;
  shown.revision++;
  shown.told = teller.now;
  teller.tell(interval, shown.revision);
}

/** What consumers act on. */
function printOf(i: Interval): string {
  const signals = i.evidence.map((e) => `${e.signal}/${e.role}`);
  const { start, end, severity, slots, parent, overdue, percent, phases, nodes } = i;
  return JSON.stringify([
    start,
    end,
    severity,
    slots,
    parent,
    overdue,
    percent,
    phases,
    nodes,
    signals,
  ]);
}

function intervalOf(
  teller: Teller,
  one: Composed,
  id: string,
  parent: string | null,
  before: Interval | undefined,
): Interval {
  const { draft, overdue } = one;
  const { rule } = draft;
  const count = draft.evidence
    .filter((e) => e.role === 'start')
    .reduce((sum, e) => Math.max(sum, 0) + e.count, 0);
  return {
    id,
    change: 'open',
    cluster: teller.cluster,
    fact: rule.fact,
    rule: rule.id,
    family: rule.family,
    title: rule.title,
    object: draft.object,
    severity: rule.severity,
    start: Math.round(draft.start),
    end: draft.end === null ? null : Math.round(Math.max(draft.end, draft.start)),
    endBy: draft.endBy,
    slots: { ...before?.slots, ...known(draft.slots) },
    count: Math.max(count, 1, before?.count ?? 0),
    confidence: confidenceOf(draft),
    parent,
    overdue,
    evidence: summary(draft.evidence),
    missing: missingOf(draft),
    phases: (draft.phases ?? []).map((phase) => ({ ...phase })),
    percent: draft.percent ?? null,
    nodes: (draft.nodes ?? []).map((node) => ({ ...node })),
  };
}

/** Slots that are told: what was known before is not forgotten. */
function known(slots: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(slots).filter(([, value]) => value !== ''));
}

function confidenceOf(draft: Draft): number {
  if (draft.guessed) return 0.3;
  if (draft.inferred) return 0.5;
  const sources = new Set(draft.evidence.map((e) => e.source));
  return sources.size >= 2 ? 0.95 : 0.8;
}

function missingOf(draft: Draft): Interval['missing'] {
  const { rule } = draft;
  const had = new Set(draft.evidence.map((e) => e.source));
  const missing: Interval['missing'] = [];
  const wants = new Set([...rule.start, ...rule.end].map((k) => k.includes(':')));
  if (wants.has(false) && !had.has('kubernetes-event')) missing.push('kubernetes-event');
  if (wants.has(true) && !had.has('metric')) missing.push('metric');
  if (draft.endBy === 'quiet') missing.push('end');
  return missing;
}

/** Evidence by signal and role, in order of first sight. */
function summary(evidence: readonly Evidence[]): Interval['evidence'] {
  const lines = new Map<string, Interval['evidence'][number]>();
  for (const { source, signal, role, time, count } of evidence) {
    const key = `${signal}/${role}`;
    const line = lines.get(key);
    if (line === undefined) {
      if (lines.size >= 16) continue;
      lines.set(key, { source, signal, role, first: time, last: time, count });
    } else {
      line.first = Math.min(line.first, time);
      line.last = Math.max(line.last, time);
      line.count = Math.max(line.count, count);
    }
  }
  return [...lines.values()].map((l) => ({
    ...l,
    first: Math.round(l.first),
    last: Math.round(l.last),
  }));
}
