import { type Alert, type Anomaly, type ClusterEvent, windowMs } from '../api.ts';
import { moment } from '../format.ts';
import { type Level, levelOf, levels } from '../gravity.ts';
import { nameOf } from '../groups.ts';
import type { RowsProps } from './rows.tsx';

interface Props extends RowsProps {
  readonly alerts: readonly Alert[];
  readonly anomalies: readonly Anomaly[];
  readonly events: readonly ClusterEvent[];
  /** The one that is chosen, or ''. */
  readonly cluster: string;
  readonly choose: (cluster: string) => void;
}

interface Bar {
  readonly key: string;
  readonly kind: 'alert' | 'anomaly' | 'event';
  /** For its colour. */
  readonly level: Level | 'odd';
  readonly name: string;
  readonly cluster: string;
  readonly title: string;
  readonly object: string;
  readonly start: number;
  readonly end: number;
}

interface Lane {
  readonly key: string;
  readonly name: string;
  readonly onName: () => void;
  readonly bars: readonly Bar[];
}

const lanesMax = 24;
/** Bars of one kind in a lane: more cannot be told apart. */
const barsMax = 80;
const hours = [0, 0.25, 0.5, 0.75, 1];

/**
 * The last two hours at one glance. Of the fleet a lane per cluster, with its events, anomalies
 * and alerts below each other; of one cluster a lane per name, in the order in which they began:
 * what came first often is the cause.
 */
export function Timeline({ cluster, choose, zone, now, toggle, ...found }: Props) {
  const from = now - windowMs;
  const bars = barsOf(found, now).filter(({ end, level }) => end >= from && level !== 'none');
  if (bars.length === 0) return null;
  const lanes = cluster === '' ? perCluster(bars, choose) : perName(bars, toggle);
  const shown = lanes.slice(0, lanesMax);
  return (
    <section class={cluster === '' ? 'timeline fleet' : 'timeline'} aria-label="The last two hours">
      <h2>
        The last two hours{' '}
        <small>
          {cluster === '' ? 'above each other: events, anomalies, alerts' : 'as they began'}
        </small>
      </h2>
      {shown.map(({ key, name, onName, bars }) => (
        <div class="lane" key={key}>
          <button type="button" class="link" title={name} onClick={onName}>
            {name}
          </button>
          <div class="track">
            {bars.map((bar) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/noStaticElementInteractions: the tables have the same for the keyboard
              <i
                key={bar.key}
                class={`${bar.kind} ${bar.level} ${bar.start < from ? 'old' : ''}`}
                style={placeOf(bar, from, now)}
                title={`${bar.title} ${bar.object}, ${moment(bar.start, zone)}`}
                onClick={() => show(bar.key, toggle)}
              />
            ))}
          </div>
        </div>
      ))}
      <div class="lane axis">
        <small>{lanes.length > lanesMax && `${lanes.length - lanesMax} more`}</small>
        <div class="track">
          {hours.map((at) => (
            <small key={at} style={{ left: `${at * 100}%` }}>
              {moment(from + at * windowMs, zone).slice(11, 16)}
            </small>
          ))}
        </div>
      </div>
    </section>
  );
}

function show(key: string, toggle: (key: string) => void): void {
  toggle(key);
  setTimeout(() => document.getElementById(key)?.scrollIntoView({ block: 'center' }));
}

function placeOf({ start, end }: Bar, from: number, now: number): Record<string, string> {
  const left = Math.max((start - from) / windowMs, 0);
  const right = Math.min((Math.min(end, now) - from) / windowMs, 1);
  return { left: `${left * 100}%`, width: `max(3px, ${(right - left) * 100}%)` };
}

function barsOf(found: Pick<Props, 'alerts' | 'anomalies' | 'events'>, now: number): Bar[] {
  const time = (iso: string | null): number => (iso === null ? now : Date.parse(iso));
  const where = ({ cluster, cluster_title }: { cluster: string; cluster_title: string }) => ({
    cluster,
    name: nameOf({ cluster, cluster_title }),
  });
  return [
    ...found.events.map((e) => ({
      key: e.subject,
      kind: 'event' as const,
      level: levelOf(e.severity),
      ...where(e),
      title: e.title,
      object: e.object,
      start: e.start,
      end: e.end ?? now,
    })),
    ...found.anomalies.map((a) => ({
      key: a.subject,
      kind: 'anomaly' as const,
      level: 'odd' as const,
      ...where(a),
      title: a.metric,
      object: a.labels['pod'] ?? a.labels['node'] ?? '',
      start: Date.parse(a.onset),
      end: time(a.end),
    })),
    ...found.alerts.map((a) => ({
      key: a.subject,
      kind: 'alert' as const,
      level: levelOf(a.severity),
      ...where(a),
      title: a.alertname,
      object: a.labels['pod'] ?? a.labels['node'] ?? '',
      start: Date.parse(a.start),
      end: time(a.end),
    })),
  ];
}

/** The clusters with the most critical ones first. */
function perCluster(bars: readonly Bar[], choose: Props['choose']): Lane[] {
  const clusters = Map.groupBy(bars, ({ cluster }) => cluster);
  const critical = (own: readonly Bar[]): number =>
    own.filter(({ level }) => level === 'critical').length;
  return [...clusters]
    .sort(([, a], [, b]) => critical(b) - critical(a) || b.length - a.length)
    .map(([cluster, own]) => ({
      key: cluster,
      name: own[0]!.name,
      onName: () => choose(cluster),
      bars: [...Map.groupBy(own, ({ kind }) => kind).values()].flatMap(gravestLast),
    }));
}

/** As they are painted: the gravest over the others. */
const gravestLast = (bars: readonly Bar[]): readonly Bar[] =>
  bars.toSorted((a, b) => weightOf(b) - weightOf(a)).slice(-barsMax);

const weightOf = ({ level }: Bar): number => (level === 'odd' ? 0 : levels.indexOf(level));

function perName(bars: readonly Bar[], toggle: Props['toggle']): Lane[] {
  return [...Map.groupBy(bars, ({ kind, title }) => `${kind} ${title}`)]
    .map(([key, own]) => ({ key, bars: own.toSorted((a, b) => a.start - b.start) }))
    .sort((a, b) => a.bars[0]!.start - b.bars[0]!.start)
    .map(({ key, bars }) => ({
      key,
      name: bars[0]!.title,
      onName: () => show(bars[0]!.key, toggle),
      bars: bars.slice(-barsMax),
    }));
}
