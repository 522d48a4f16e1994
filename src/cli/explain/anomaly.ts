import type { AnomalyData } from '../../processors/anomalies/schema.ts';
import type { View } from '../../sinks/sqlite-view/view.ts';
import { figure, Lines, moment, selectorText, span } from './text.ts';

type TracedAnomaly = AnomalyData & { readonly subject: string; readonly revision: number };

/** Something else of the same cluster, at the same time. */
interface Beside {
  readonly topic: 'alerts' | 'anomalies' | 'events';
  readonly subject: string;
  readonly name: string;
  readonly object: string;
  readonly start: string;
  readonly end: string | null;
}

export interface AnomalyExplanation {
  readonly what: 'anomaly';
  readonly anomaly: TracedAnomaly;
  /** What was open in the cluster between onset and end, those on the same object first. */
  readonly beside: readonly Beside[];
}

const besideMax = 20;

export function explainAnomaly(
  view: View,
  id: string,
  nowMs: number,
): AnomalyExplanation | undefined {
  const query = { subjects: [id], limit: 1 };
  const anomaly = view.intervals('anomalies', query)[0] as TracedAnomaly | undefined;
  if (!anomaly) return undefined;
  return { what: 'anomaly', anomaly, beside: besides(view, anomaly, nowMs) };
}

/** Labels that name an object. */
const objectLabels = ['pod', 'persistentvolumeclaim', 'deployment', 'node', 'instance', 'service'];

function besides(view: View, anomaly: TracedAnomaly, nowMs: number): Beside[] {
  const range = {
    tenant: anomaly.tenant,
    clusters: [anomaly.cluster],
    fromMs: Date.parse(anomaly.onset),
    toMs: anomaly.end === null ? nowMs : Date.parse(anomaly.end),
    limit: 500,
  };
  const alerts = view.alerts({ ...range, states: ['firing', 'resolved'] });
  const anomalies = view.intervals('anomalies', range) as TracedAnomaly[];
  const events = view.intervals('events', { ...range, states: ['open', 'closed'] });
  const all: Beside[] = [
    ...alerts.map((each) => besideOf('alerts', each, 'alertname')),
    ...anomalies
      .filter(({ subject }) => subject !== anomaly.subject)
      .map((each) => besideOf('anomalies', each, 'metric')),
    ...events.map((each) => besideOf('events', each as Fields, 'fact')),
  ];
  const own = objectOf(anomaly.labels);
  const near = (b: Beside): number => (own !== '' && b.object.includes(own) ? 0 : 1);
  return all.sort((a, b) => near(a) - near(b) || (a.start < b.start ? -1 : 1)).slice(0, besideMax);
}

type Fields = Readonly<Record<string, unknown>>;

function besideOf(topic: Beside['topic'], row: object, name: string): Beside {
  const data = row as Fields;
  const labels = (data['labels'] ?? {}) as Readonly<Record<string, string>>;
  const { start, end } = data as { start: number | string; end: number | string | null };
  return {
    topic,
    subject: String(data['subject']),
    name: String(data[name]),
    object: String(data['object'] ?? objectOf(labels)),
    start: moment(start),
    end: end === null ? null : moment(end),
  };
}

const objectOf = (labels: Readonly<Record<string, string>>): string => {
  const name = objectLabels.find((label) => labels[label] !== undefined);
  return name === undefined ? '' : labels[name]!;
};

export function anomalyText({ anomaly, beside }: AnomalyExplanation, nowMs: number): string {
  const { metric, labels, cluster, cluster_title: title, kind, direction } = anomaly;
  const { onset, start, end, score, rare_days: rare } = anomaly;
  const lines = new Lines();
  const way = direction === 'none' ? '' : `, ${direction}`;
  const ended = end === null ? 'and goes on' : `to ${moment(end)}`;
  const lasted = span((end === null ? nowMs : Date.parse(end)) - Date.parse(onset));
  const { feedback, feedback_note: note } = anomaly;
  lines.head(`${kind}${way}: ${selectorText(metric, labels)} on ${title || cluster}`).facts({
    anomaly: `${anomaly.subject}, revision ${anomaly.revision} (${anomaly.state})`,
    time: `${moment(onset)} ${ended} (${lasted}), found at ${moment(start)}`,
    observed: `${figure(anomaly.observed)}, expected ${figure(anomaly.expected)} within ${figure(anomaly.lower)} to ${figure(anomaly.upper)}`,
    score: `${figure(score)} times the cut of its series${rare === null ? '' : `; chance alone makes one such sample in ${figure(rare)} days`}`,
    model: `${anomaly.model}, which knows ${Math.round(anomaly.confidence * 100)} % of what it can know`,
    feedback: feedback ? `${feedback}${note ? `: ${note}` : ''}` : 'none',
    'open with it': anomaly.also_open.join(', '),
  });
  const terms = Object.entries(anomaly.terms).sort(([, a], [, b]) => b - a);
  if (terms.length > 0) {
    const rows = terms.map(([name, value]) => [name, figure(value)]);
    lines.head('What contributed, in multiples of its own cut').table(['term', 'times'], rows);
  }
  if (beside.length > 0) {
    const rows = beside.map((b) => [b.topic, b.name, b.object, b.start, b.end ?? '-', b.subject]);
    const columns = ['topic', 'what', 'object', 'start', 'end', 'id'];
    lines.head('Open in that cluster at the time').table(columns, rows);
  }
  return lines.toString();
}
