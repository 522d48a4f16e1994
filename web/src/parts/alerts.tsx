import { type Alert, alertKey } from '../api.ts';
import { duration, moment } from '../format.ts';
import { Labels } from './labels.tsx';

interface Props {
  readonly title: string;
  readonly alerts: readonly Alert[];
  readonly zone: 'utc' | 'local';
  readonly now: number;
  /** Index of the row under the keyboard's cursor, -1 for none. */
  readonly cursor: number;
  readonly empty: string;
}

export function Alerts({ title, alerts, zone, now, cursor, empty }: Props) {
  return (
    <section>
      <h2>
        {title} <small>{alerts.length}</small>
      </h2>
      {alerts.length === 0 ? (
        <p class="empty">{empty}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Severity</th>
              <th>Alert</th>
              <th>Cluster</th>
              <th>Since ({zone === 'utc' ? 'UTC' : 'local'})</th>
              <th>For</th>
              <th>Labels</th>
            </tr>
          </thead>
          <tbody>
            {alerts.map((alert, i) => (
              <Row
                key={alertKey(alert)}
                alert={alert}
                zone={zone}
                now={now}
                current={i === cursor}
              />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Row(props: { alert: Alert; zone: 'utc' | 'local'; now: number; current: boolean }) {
  const { alert, zone, now, current } = props;
  const end = alert.end === null ? now : Date.parse(alert.end);
  return (
    <tr class={current ? 'current' : ''}>
      <td class="number">
        <span class={`severity ${alert.severity}`}>{alert.severity || 'none'}</span>
      </td>
      <td class="name">
        {alert.alertname}
        {alert.alertstate === 'pending' && <small> pending</small>}
      </td>
      <td title={alert.cluster}>{alert.cluster_title || alert.cluster}</td>
      <td class="number">{moment(alert.start, zone)}</td>
      <td class="number">{duration(end - Date.parse(alert.start))}</td>
      <td class="labels">
        <Labels labels={alert.labels} />
      </td>
    </tr>
  );
}
