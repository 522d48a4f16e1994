import type { View } from '../draft.ts';
import type { NodeUpgrade } from './nodes.ts';

/** A node is stuck when it is at work for much longer than those before it, and 30 min at least. */
export function isStuck(view: View, node: NodeUpgrade, all: readonly NodeUpgrade[]): boolean {
  const others = all.filter((n) => n !== node && n.end !== null).map((n) => n.end! - n.start);
  const usual = Math.max(30 * 60_000, 2 * Math.max(0, ...others));
  return node.end === null && view.now - node.start > usual;
}
