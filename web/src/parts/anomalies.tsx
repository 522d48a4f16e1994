import type { Anomaly } from '../api.ts';
import { useFold } from '../fold.ts';
import { duration, moment, rarity, shortMoment, value } from '../format.ts';
import { nameOf } from '../groups.ts';
import { Band } from './band.tsx';
import { AllLabels, LabelLine } from './labels.tsx';
import { Marks } from './marks.tsx';
import { Command, Facts, OpenRow, type RowsProps } from './rows.tsx';

interface Props extends RowsProps {
  readonly anomalies: readonly Anomaly[];
  /** Whether this reader may mark anomalies. */
  readonly mayMark: boolean;
}

const arrows = { up: '↑', down: '↓', none: '' } as const;
/** Open anomalies, the strangest first, then those that ended; opened: why. */
export function Anomalies({ anomalies, mayMark, ...rows }: Props) {
  const { shown, rest, unfold } = useFold(anomalies, rows.open);
  const open = anomalies.filter(({ state }) => state === 'open').length;
  return (
    <section id="abnormal">
      <h2>
        Abnormal now <small>{open}</small>
      </h2>
      {open === 0 && <p class="empty">Nothing is abnormal.</p>}
      {anomalies.length > 0 && (
        <table>
          <thead>
            <tr>
              <th class="opener" />
              <th title="multiple of what alarms on this series">Strength</th>
              <th>Metric</th>
              <th>Cluster</th>
              <th>Since</th>
              <th>For</th>
              <th>Seen, and the band that was expected</th>
              <th>Feedback</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((anomaly) => (
              <Row key={anomaly.subject} anomaly={anomaly} mayMark={mayMark} {...rows} />
            ))}
          </tbody>
        </table>
      )}
      {rest > 0 && (
        <button type="button" class="more" onClick={unfold}>
          {rest} more
        </button>
      )}
    </section>
  );
}

function Row(props: RowsProps & { readonly anomaly: Anomaly; readonly mayMark: boolean }) {
  const { anomaly: a, mayMark, zone, now, open, toggle } = props;
  const start = Date.parse(a.start);
  return (
    <OpenRow
      id={a.subject}
      name={`${a.metric} on ${nameOf(a)}`}
      class={a.state === 'open' ? 'anomaly' : 'anomaly over'}
      isOpen={open === a.subject}
      toggle={toggle}
      details={() => <Details anomaly={a} zone={zone} />}
    >
      <td class="number strength">{value(a.score)}×</td>
      <td class="name">
        <span>{a.metric}</span> {arrows[a.direction]}
        {a.kind !== 'improbable' && <small> {a.kind}</small>}
        <div class="labels">
          <LabelLine labels={a.labels} />
        </div>
      </td>
      <td class="where" title={a.cluster}>
        {nameOf(a)}
      </td>
      <td class="number" title={a.start}>
        {shortMoment(start, zone, now)}
      </td>
      <td class="number">{duration((a.end === null ? now : Date.parse(a.end)) - start)}</td>
      <td class="number">
        <Band seen={a.observed} lower={a.lower} upper={a.upper} /> {value(a.observed)}{' '}
        {a.lower !== null && (
          <small>
            {value(a.lower)} … {value(a.upper)}
          </small>
        )}
      </td>
      <td>
        <Marks anomaly={a} allowed={mayMark} />
      </td>
    </OpenRow>
  );
}

function Details({
  anomaly: a,
  zone,
}: {
  readonly anomaly: Anomaly;
  readonly zone: RowsProps['zone'];
}) {
  const chance = rarity(a.rare_days);
  return (
    <Facts
      facts={[
        ['why', <Terms key="terms" terms={a.terms} />],
        ['chance alone', chance && `makes one as strange on this series ${chance}`],
        ['seen', a.observed === null ? '' : `${value(a.observed)}, expected ${value(a.expected)}`],
        ['began', moment(Date.parse(a.onset), zone)],
        [
          'model',
          `${a.model}, which knows ${Math.round(a.confidence * 100)} % of what it can know`,
        ],
        ['also abnormal there', a.also_open.join(', ')],
        ['note', a.feedback_note],
        ['labels', <AllLabels key="all" labels={a.labels} />],
        ['in full', <Command key="explain">{`seastate explain ${a.subject}`}</Command>],
      ]}
    />
  );
}

/** What contributed, the strongest first: 1 is as much as alarms by itself. */
function Terms({ terms }: { readonly terms: Readonly<Record<string, number>> }) {
  const strongest = Object.entries(terms)
    .filter(([, times]) => times >= 0.01)
    .sort(([, a], [, b]) => b - a);
  const most = strongest[0]?.[1] ?? 1;
  if (strongest.length === 0) return <>no single term</>;
  return (
    <ul class="terms">
      {strongest.map(([name, times]) => (
        <li key={name}>
          <span>{name}</span>
          <meter min={0} max={Math.max(most, 1)} value={times} />
          <small>{value(times)}× its cut</small>
        </li>
      ))}
    </ul>
  );
}
