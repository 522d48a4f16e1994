import type { Config } from '../../config/schema.ts';
import { buildCatalogue, type Catalogue } from '../../processors/events/catalogue.ts';
import type { EventData } from '../../processors/events/interval.ts';
import type { Rule, Signal } from '../../processors/events/rule.ts';
import { type EventsSettings, eventsSettingsSchema } from '../../processors/events/settings.ts';
import type { View } from '../../sinks/sqlite-view/view.ts';
import { Lines, moment, span } from './text.ts';

type TracedEvent = EventData & { readonly subject: string; readonly revision: number };

/** What is known of an event: the interval, its rule, and its relatives. */
export interface EventExplanation {
  readonly what: 'event';
  readonly event: TracedEvent;
  /** The rule of the catalogue as it is now; null when it is there no more. */
  readonly rule: Rule | null;
  /** Signals of the rule, by id. */
  readonly signals: Readonly<Record<string, Signal>>;
  readonly parent: TracedEvent | null;
  readonly children: readonly TracedEvent[];
}

const childrenMax = 200;

export function explainEvent(config: Config, view: View, id: string): EventExplanation | undefined {
  const event = eventNamed(view, id);
  if (!event) return undefined;
  const catalogue = catalogueOf(config);
  const rule = catalogue.rules.find((each) => each.id === event.rule) ?? null;
  const named = rule ? [...rule.start, ...rule.end, ...rule.during] : [];
  const ids = new Set([...named.map(signalId), ...event.evidence.map((e) => signalId(e.signal))]);
  const signals = catalogue.signals.filter((signal) => ids.has(signal.id));
  const { rows } = view.query(
    "SELECT subject FROM events WHERE json_extract(data, '$.parent') = ? ORDER BY start_ms",
    [event.subject],
    childrenMax,
  );
  const children = rows.flatMap(([subject]) => eventNamed(view, String(subject)) ?? []);
  return {
    what: 'event',
    event,
    rule,
    signals: Object.fromEntries(signals.map((signal) => [signal.id, signal])),
    parent: event.parent === null ? null : (eventNamed(view, event.parent) ?? null),
    children,
  };
}

function eventNamed(view: View, id: string): TracedEvent | undefined {
  return view.intervals('events', { subjects: [id], limit: 1 })[0] as TracedEvent | undefined;
}

function catalogueOf({ settings }: Config): Catalogue {
  const { rules } = eventsSettingsSchema.parse(settings['events'] ?? {}) as EventsSettings;
  return buildCatalogue(rules);
}

/** `node-ready:on` is a state of the signal `node-ready`. */
const signalId = (reference: string): string => reference.split(':')[0]!;

export function eventText(found: EventExplanation, nowMs: number): string {
  const { event, parent, children } = found;
  const { start, end, endBy, slots, severity, confidence, count, fact, rule, family } = event;
  const ended = end === null ? 'and goes on' : `to ${moment(end)}`;
  const lasted = span((end ?? nowMs) - start);
  const lines = new Lines();
  lines.head(`${event.title}: ${event.object} on ${event.cluster_title || event.cluster}`).facts({
    event: `${event.subject}, revision ${event.revision} (${event.change})`,
    fact: `${fact}, by rule ${rule} of family ${family}; ${severity}`,
    time: `${moment(start)} ${ended} (${lasted})${event.overdue ? ', longer than usual' : ''}`,
    'ended by': endedBy(endBy),
    slots: pairs(slots),
    seen: `at least ${count} ${count === 1 ? 'time' : 'times'}; confidence ${confidence}`,
    progress: event.percent === null ? undefined : `${event.percent} %`,
  });
  evidence(lines, found);
  if (event.phases.length > 0) {
    const rows = event.phases.map((p) => [p.name, moment(p.start), moment(p.end)]);
    lines.head('Phases').table(['phase', 'start', 'end'], rows);
  }
  if (event.nodes.length > 0) {
    const rows = event.nodes.map((n) => [
      n.node,
      moment(n.start),
      moment(n.end),
      n.stuck ? 'stuck' : '',
    ]);
    lines.head('Nodes').table(['node', 'start', 'end', ''], rows);
  }
  if (event.parent !== null) {
    lines.head('An expected effect of');
    if (parent) lines.table(relativeColumns, [relative(parent)]);
    else lines.line(`${event.parent}, which is kept no more`);
  }
  if (children.length > 0) {
    lines.head('Expected effects inside it').table(relativeColumns, children.map(relative));
  }
  ruleText(lines, found);
  return lines.toString();
}

function evidence(lines: Lines, { event, signals }: EventExplanation): void {
  const inOrder = [...event.evidence].sort((a, b) => a.first - b.first || a.last - b.last);
  const rows = inOrder.map((e) => [
    moment(e.first),
    e.last === e.first ? '' : moment(e.last),
    e.role,
    e.count,
    e.signal,
    signalText(signals[signalId(e.signal)]) || e.source,
  ]);
  lines.head('Evidence').table(['first', 'last', 'role', 'count', 'signal', 'what'], rows);
  const missing: Readonly<Record<EventData['missing'][number], string>> = {
    'kubernetes-event': 'no Kubernetes event told of it, though such a fact has some',
    metric: 'no metric told of it, though such a fact has some',
    end: 'nothing told its end: it was closed when nothing came any more',
  };
  if (event.missing.length === 0) return;
  lines.head('Missing');
  for (const what of event.missing) lines.line(missing[what]);
}

const endedBy = (signal: string | null): string | undefined =>
  signal === 'quiet' ? 'quiet: nothing came any more' : (signal ?? undefined);

const pairs = (slots: Readonly<Record<string, string>>): string =>
  Object.entries(slots)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

const relativeColumns = ['id', 'fact', 'object', 'start', 'end', ''];

const relative = (e: TracedEvent): unknown[] => [
  e.subject,
  e.fact,
  e.object,
  moment(e.start),
  moment(e.end),
  e.overdue ? 'longer than usual' : '',
];

/** What a signal looks for, in one line. */
function signalText(signal: Signal | undefined): string {
  if (signal?.event) {
    const { kind, reason, reason_pattern: pattern, message, component } = signal.event;
    const parts = [
      kind && `of ${[kind].flat().join(' or ')}`,
      reason && `reason ${[reason].flat().join(' or ')}`,
      pattern && `reason like ${pattern}`,
      component && `from ${component}`,
      message && `message like ${message}`,
    ];
    return `Kubernetes event ${parts.filter(Boolean).join(', ')}`;
  }
  if (!signal?.metric) return '';
  const { name, labels, is, on_end: onEnd } = signal.metric;
  const inside = Object.entries(labels).map(
    ([label, value]) => `${label}=~${JSON.stringify(value)}`,
  );
  const selector = inside.length > 0 ? `${name}{${inside.join(',')}}` : name;
  return `metric ${selector} ${is ?? (onEnd ? 'ends' : 'changes')}`;
}

function ruleText(lines: Lines, { event, rule, signals }: EventExplanation): void {
  if (!rule) {
    lines.head('Rule').line(`${event.rule} is no rule of the catalogue any more`);
    return;
  }
  const time = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : span(ms);
  lines.head(`Rule ${rule.id}`).facts({
    follows: rule.track === 'interval' ? undefined : rule.track,
    hold: time(rule.hold),
    rejoin: time(rule.rejoin),
    quiet: time(rule.quiet),
    usual: time(rule.usual),
    effects: rule.effects.join(', '),
    'absorbed by': rule.absorbed_by.join(', '),
  });
  for (const role of ['start', 'during', 'end'] as const) {
    for (const reference of rule[role]) {
      const what = signalText(signals[signalId(reference)]);
      lines.line(`${role.padEnd(6)}  ${reference}${what ? `: ${what}` : ''}`);
    }
  }
}
