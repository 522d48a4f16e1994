import type { Draft, View } from './draft.ts';

/** A draft with its place among the others. */
export interface Composed {
  readonly draft: Draft;
  parent: Composed | null;
  overdue: boolean;
}

/** Drops what others say better, and finds for each the smallest interval that explains it. */
export function compose(view: View, drafts: readonly Draft[]): Composed[] {
  const absorbers = groupByFact(drafts);
  const kept = drafts.filter(
    (draft) =>
      !draft.rule.absorbed_by.some((fact) =>
        (absorbers.get(fact) ?? []).some((other) => absorbs(other, draft)),
      ),
  );
  const composed: Composed[] = kept.map((draft) => ({ draft, parent: null, overdue: false }));
  const byEffect = new Map<string, Composed[]>();
  for (const parent of composed) {
    for (const fact of parent.draft.rule.effects) {
      const list = byEffect.get(fact);
      if (list) list.push(parent);
      else byEffect.set(fact, [parent]);
    }
  }
  for (const child of composed) {
    child.parent = smallest(view, child, byEffect.get(child.draft.rule.fact) ?? []);
    child.overdue = isOverdue(view, child.draft);
  }
  return composed;
}

function groupByFact(drafts: readonly Draft[]): Map<string, Draft[]> {
  const groups = new Map<string, Draft[]>();
  for (const draft of drafts) {
    const list = groups.get(draft.rule.fact);
    if (list) list.push(draft);
    else groups.set(draft.rule.fact, [draft]);
  }
  return groups;
}

/** Times of two sources differ by about a scrape. */
const slackMs = 60_000;
const infinity = Number.POSITIVE_INFINITY;

function absorbs(other: Draft, draft: Draft): boolean {
  if (other === draft || !agree(other, draft)) return false;
  // A pod that still waits when the new nodes are there waits for something else.
  const isLeft = draft.end === null || draft.end > (other.end ?? infinity) + slackMs;
  if (draft.rule.fact === 'pod_unschedulable' && isLeft && other.end !== null) return false;
  const from = other.start - slackMs;
  const to = (other.end ?? infinity) + (draft.rule.fact === 'deployment_scaled' ? 15_000 : slackMs);
  return draft.start >= from && draft.start <= to;
}

/** Both must mean the same node, deployment and operator where both name one. */
function agree(a: Draft, b: Draft): boolean {
  const x = a.affinity;
  const y = b.affinity;
  const differ = (p: string | undefined, q: string | undefined): boolean =>
    p !== undefined && q !== undefined && p !== q;
  if (differ(x.node, y.node) || differ(x.deployment, y.deployment)) return false;
  if (differ(x.operator, y.operator) || differ(x.component, y.component)) return false;
  return x.nodes === undefined || y.node === undefined || x.nodes.includes(y.node);
}

/** Parents that are about nodes or deployments explain only what is about the same. */
function isAbout(parent: Draft, child: Draft): boolean {
  const { node, deployment, operator, component } = parent.affinity;
  if (node !== undefined) return child.affinity.node === node;
  if (deployment !== undefined) return child.affinity.deployment === deployment;
  if (operator !== undefined) return child.affinity.operator === operator;
  if (component !== undefined) return child.affinity.component === component;
  return true;
}

function smallest(view: View, child: Composed, parents: readonly Composed[]): Composed | null {
  const { draft } = child;
  let best: Composed | null = null;
  for (const parent of parents) {
    const other = parent.draft;
    if (parent === child || other.rule === draft.rule) continue;
    if (!agree(other, draft) || !isAbout(other, draft)) continue;
    const slack = Math.max(10_000, 2 * view.cadence);
    const end = other.end ?? infinity;
    if (draft.start < other.start - slack || draft.start > end + slack) continue;
    if (best === null || lengthOf(view, other) < lengthOf(view, best.draft)) best = parent;
  }
  return best;
}

const lengthOf = (view: View, draft: Draft): number => (draft.end ?? view.now) - draft.start;

const isOverdue = (view: View, draft: Draft): boolean =>
  draft.rule.usual !== undefined && lengthOf(view, draft) > draft.rule.usual;
