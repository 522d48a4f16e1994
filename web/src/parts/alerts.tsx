import { useState } from 'preact/hooks';
import type { Alert } from '../api.ts';
import { duration, moment, shortMoment } from '../format.ts';
import { levelOf } from '../gravity.ts';
import { type AlertGroup, groupAlerts, nameOf } from '../groups.ts';
import { selectorOf } from '../selector.ts';
import { AllLabels, LabelLine } from './labels.tsx';
import { Command, Facts, OpenRow, type RowsProps } from './rows.tsx';

interface Props extends RowsProps {
  readonly id: string;
  readonly title: string;
  readonly alerts: readonly Alert[];
  readonly empty: string;
}

/** Groups shown at once, and alerts of one group. */
const shownMax = 100;

/** Alerts, those of one name as one line that opens. */
export function Alerts({ id, title, alerts, empty, ...rows }: Props) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const flip = (key: string): void => {
    const next = new Set(opened);
    if (!next.delete(key)) next.add(key);
    setOpened(next);
  };
  const groups = groupAlerts(alerts);
  return (
    <section id={id}>
      <h2>
        {title} <small>{alerts.length}</small>
      </h2>
      {alerts.length === 0 ? (
        <p class="empty">{empty}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th class="opener" />
              <th>Severity</th>
              <th>Alert</th>
              <th>Cluster</th>
              <th>Since ({rows.zone === 'utc' ? 'UTC' : 'local'})</th>
              <th>For</th>
              <th>Labels</th>
            </tr>
          </thead>
          <tbody>
            {groups
              .slice(0, shownMax)
              .map((group) =>
                group.alerts.length === 1 ? (
                  <Row key={group.key} alert={group.alerts[0]} {...rows} />
                ) : (
                  <Group
                    key={group.key}
                    id={`${id}/${group.key}`}
                    group={group}
                    isOpen={opened.has(group.key) || has(group, rows.open)}
                    flip={() => flip(group.key)}
                    {...rows}
                  />
                ),
              )}
          </tbody>
        </table>
      )}
      {groups.length > shownMax && <p class="empty">{groups.length - shownMax} more names.</p>}
    </section>
  );
}

const has = ({ alerts }: AlertGroup, subject: string): boolean =>
  subject !== '' && alerts.some((alert) => alert.subject === subject);

function Group(
  props: RowsProps & {
    readonly id: string;
    readonly group: AlertGroup;
    readonly isOpen: boolean;
    readonly flip: () => void;
  },
) {
  const { id, group, isOpen, flip, ...rows } = props;
  const { alerts, clusters } = group;
  const newest = alerts.reduce((a, b) => (a.start > b.start ? a : b));
  const oldest = alerts.reduce((a, b) => (a.start < b.start ? a : b));
  return (
    <>
      <OpenRow
        id={id}
        name={alerts[0].alertname}
        class={levelOf(alerts[0].severity)}
        isOpen={isOpen}
        toggle={flip}
      >
        <Head alert={alerts[0]} times={alerts.length} />
        <td class="where" title={clusters.slice(0, 50).join(', ')}>
          {clusters.length === 1 ? clusters[0] : `${clusters.length} clusters`}
        </td>
        <td class="number" title="the newest of them">
          {shortMoment(Date.parse(newest.start), rows.zone, rows.now)}
        </td>
        <td class="number" title="the longest of them">
          {lasted(oldest, rows.now)}
        </td>
        <td class="labels">
          <LabelLine labels={group.labels} />
        </td>
      </OpenRow>
      {isOpen &&
        alerts
          .slice(0, shownMax)
          .map((alert) => <Row key={alert.subject} alert={alert} isMember {...rows} />)}
      {isOpen && alerts.length > shownMax && (
        <tr class="member">
          <td class="opener" />
          <td colSpan={6} class="empty">
            {alerts.length - shownMax} more: choose a cluster, or filter.
          </td>
        </tr>
      )}
    </>
  );
}

function Row(props: RowsProps & { readonly alert: Alert; readonly isMember?: boolean }) {
  const { alert, isMember = false, zone, now, open, toggle } = props;
  return (
    <OpenRow
      id={alert.subject}
      name={`${alert.alertname} on ${nameOf(alert)}`}
      class={`${levelOf(alert.severity)} ${isMember ? 'member' : ''}`}
      isOpen={open === alert.subject}
      toggle={toggle}
      details={() => <Details alert={alert} zone={zone} />}
    >
      <Head alert={alert} times={1} />
      <td class="where" title={alert.cluster}>
        {nameOf(alert)}
      </td>
      <td class="number" title={alert.start}>
        {shortMoment(Date.parse(alert.start), zone, now)}
      </td>
      <td class="number">{lasted(alert, now)}</td>
      <td class="labels">
        <LabelLine labels={alert.labels} />
      </td>
    </OpenRow>
  );
}

function Head({ alert, times }: { readonly alert: Alert; readonly times: number }) {
  return (
    <>
      <td class="severity">{alert.severity || 'none'}</td>
      <td class="name">
        <span>{alert.alertname}</span>
        {times > 1 && <span class="times">{times}</span>}
        {alert.alertstate === 'pending' && <small> pending</small>}
      </td>
    </>
  );
}

const lasted = ({ start, end }: Alert, now: number): string =>
  duration((end === null ? now : Date.parse(end)) - Date.parse(start));

function Details({ alert, zone }: { readonly alert: Alert; readonly zone: RowsProps['zone'] }) {
  const { alertname, cluster, labels, start, end } = alert;
  return (
    <Facts
      facts={[
        ['labels', <AllLabels key="all" labels={labels} />],
        ['start', moment(Date.parse(start), zone)],
        ['end', end && moment(Date.parse(end), zone)],
        ['cluster', cluster],
        [
          'its past',
          <Command key="tail">{`seastate tail alerts ${selectorOf({ alertname })} --from -7d`}</Command>,
        ],
      ]}
    />
  );
}
