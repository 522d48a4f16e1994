import { useEffect, useRef } from 'preact/hooks';

const keys: readonly (readonly [string, string])[] = [
  ['/', 'filter: words that must occur, label=value, !word that must not'],
  ['j k', 'to the next row, and back'],
  ['Enter', 'open the row: labels, evidence, why'],
  ['Esc', 'close it'],
  ['?', 'this help'],
];

/** Keys, and what the colours say. */
export function Help({ close }: { readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={close}>
      <h2>Keys</h2>
      <dl>
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p>
        The address holds what you see: filter, cluster, zone and the open row. Send it to whoever
        should see the same.
      </p>
      <p>
        Strength of an anomaly: the multiple of what alarms on that series. Mark one as expected and
        its like is not told again for 30 days.
      </p>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
