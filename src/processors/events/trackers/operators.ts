import type { Atom } from '../atoms.ts';
import { type Draft, evidenceOf, type View } from '../draft.ts';

/** Operators say that they are done in the moment of their new version, before or after it. */
const slackMs = 60_000;

/** An operator took a new version: from the last time it began to move to the change. */
export function operatorUpdates(view: View): Draft[] {
  const rule = view.rule('operator-updated');
  return view.scopes('ClusterOperator').flatMap(([scope, timeline]) => {
    const operator = scope.slice('ClusterOperator/'.length);
    const drafts: Draft[] = [];
    let moving: Atom | null = null;
    let settled = Number.POSITIVE_INFINITY;
    let release: string | null = null;
    for (const atom of timeline) {
      const moves = atom.k === 'operator-progressing' || atom.k === 'operator-moving:on';
      if (moves && (moving === null || settled < atom.t - slackMs)) {
        moving = atom;
        settled = Number.POSITIVE_INFINITY;
      }
      if (atom.k === 'operator-settled') settled = Math.min(settled, atom.t);
      const to = atom.k === 'operator-version' ? (atom.x?.['to'] ?? '') : String(atom.v ?? '');
      const from: string | null =
        atom.k === 'operator-version' ? (atom.x?.['from'] ?? '') : release;
      if (atom.k === 'operator-release' || atom.k === 'operator-version') {
        const known = drafts.at(-1);
        if (known?.slots['to'] === to) {
          (known.evidence as unknown[]).push(evidenceOf(atom, 'end'));
        } else if (from !== null && from !== to) {
          const evidence = [evidenceOf(atom, 'end')];
          if (moving !== null && atom.t - settled > slackMs) moving = null;
          if (moving !== null) evidence.unshift(evidenceOf(moving, 'start'));
          const start = moving !== null && atom.t - moving.t < 60 * 60_000 ? moving.t : atom.t;
          drafts.push({
            rule,
            object: scope,
            slots: { operator, from: from ?? '', to },
            start,
            end: atom.t,
            endBy: atom.k,
            evidence,
            affinity: { operator },
          });
        }
        release = to;
        moving = null;
      }
    }
    return drafts;
  });
}
