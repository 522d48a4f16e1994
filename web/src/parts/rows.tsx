import type { ComponentChildren } from 'preact';
import type { Zone } from '../format.ts';

/** What every table of the page gets. */
export interface RowsProps {
  readonly zone: Zone;
  readonly now: number;
  /** Key of the row whose details are shown. */
  readonly open: string;
  readonly toggle: (key: string) => void;
}

interface Props {
  /** Unique on the page. */
  readonly id: string;
  /** What it is about, for those who do not see it. */
  readonly name: string;
  readonly class?: string;
  readonly isOpen: boolean;
  readonly toggle: (id: string) => void;
  /** Its cells. */
  readonly children: ComponentChildren;
  /** Under it, over the whole width, while it is open. */
  readonly details?: (() => ComponentChildren) | undefined;
}

const columnsMax = 12;

/** A row of a table that opens: by a click anywhere on it, or by its button. */
export function OpenRow({ id, name, class: className, isOpen, toggle, children, details }: Props) {
  const onClick = (event: MouseEvent): void => {
    const isForOther = (event.target as Element).closest('button:not(.toggle), a');
    const isSelecting = !getSelection()?.isCollapsed;
    if (!isForOther && !isSelecting) toggle(id);
  };
  return (
    <>
      <tr id={id} class={`row ${className ?? ''} ${isOpen ? 'opened' : ''}`} onClick={onClick}>
        <td class="opener">
          <button
            type="button"
            class="toggle"
            aria-expanded={isOpen}
            aria-label={`Details of ${name}`}
          />
        </td>
        {children}
      </tr>
      {isOpen && details && (
        <tr class="details">
          <td colSpan={columnsMax}>{details()}</td>
        </tr>
      )}
    </>
  );
}

/** Names and values, one below the other. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, unknown])[] }) {
  return (
    <dl>
      {facts
        .filter(([, value]) => value !== undefined && value !== '' && value !== null)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value as ComponentChildren}</dd>
          </div>
        ))}
    </dl>
  );
}

/** A command to take along: one click selects it. */
export const Command = ({ children }: { readonly children: string }) => (
  <code class="command">{children}</code>
);
