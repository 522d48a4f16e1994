import { useState } from 'preact/hooks';
import { type Anomaly, type Mark, sendFeedback } from '../api.ts';

interface Props {
  readonly anomaly: Anomaly;
  /** Whether this reader may mark anomalies. */
  readonly allowed: boolean;
}

const titles: Readonly<Record<Mark, string>> = {
  expected: 'Expected: not told again for 30 days, here and on the like of it',
  confirmed: 'Confirmed: it was right to tell',
};

/** What people said about an anomaly, or two buttons to say it. */
export function Marks({ anomaly, allowed }: Props) {
  const [sent, setSent] = useState<Mark>();
  const [error, setError] = useState('');
  const said = anomaly.feedback ?? sent;
  if (said) return <small title={anomaly.feedback_note ?? titles[said]}>{said}</small>;
  if (!allowed) return null;
  const mark = (mark: Mark): void => {
    setError('');
    sendFeedback(anomaly.subject, mark)
      .then(() => setSent(mark))
      .catch((reason: Error) => setError(reason.message));
  };
  return (
    <span class="marks">
      {(['expected', 'confirmed'] as const).map((each) => (
        <button type="button" key={each} title={titles[each]} onClick={() => mark(each)}>
          {each}
        </button>
      ))}
      {error !== '' && <small class="warn"> {error}</small>}
    </span>
  );
}
