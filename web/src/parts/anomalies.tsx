import type { Anomaly } from '../api.ts';
import { duration, moment, value } from '../format.ts';
import { Labels } from './labels.tsx';
import { Marks } from './marks.tsx';

interface Props {
  readonly anomalies: readonly Anomaly[];
  readonly zone: 'utc' | 'local';
  readonly now: number;
  /** Whether this reader may mark anomalies. */
  readonly mayMark: boolean;
}

const arrows = { up: '↑', down: '↓', none: '' } as const;
const shownMax = 100;

/** Open anomalies, the strangest first, with what was seen, what was expected and why. */
export function Anomalies({ anomalies, zone, now, mayMark }: Props) {
  return (
    <section>
      <h2>
        Abnormal now <small>{anomalies.length}</small>
      </h2>
      {anomalies.length === 0 ? (
        <p class="empty">Nothing is abnormal.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Score</th>
              <th>Metric</th>
              <th>Cluster</th>
              <th>Since</th>
              <th>For</th>
              <th>Seen (expected)</th>
              <th>Labels</th>
              <th>Feedback</th>
            </tr>
          </thead>
          <tbody>
            {anomalies.slice(0, shownMax).map((a) => (
              <tr key={a.subject} title={why(a)}>
                <td class="number">{a.score.toFixed(1)}</td>
                <td class="name">
                  {a.metric} {arrows[a.direction]}
                  {a.kind !== 'improbable' && <small> {a.kind}</small>}
                </td>
                <td title={a.cluster}>{a.cluster_title}</td>
                <td class="number">{moment(a.start, zone)}</td>
                <td class="number">{duration(now - Date.parse(a.start))}</td>
                <td class="number">
                  {value(a.observed)}{' '}
                  <small>
                    ({value(a.lower)} … {value(a.upper)})
                  </small>
                </td>
                <td class="labels">
                  <Labels labels={a.labels} />
                </td>
                <td>
                  <Marks anomaly={a} allowed={mayMark} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** The reason in one line. */
function why({ model, terms, rare_days }: Anomaly): string {
  const parts = Object.entries(terms)
    .filter(([, strength]) => strength > 0.3)
    .sort(([, a], [, b]) => b - a)
    .map(([name, strength]) => `${name} ${strength.toFixed(2)}`);
  const rare = rare_days === null ? '' : `; expected once in ${value(rare_days)} days`;
  return `model ${model}: ${parts.join(', ') || 'no single term'}${rare}`;
}
