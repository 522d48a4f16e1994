import type { Node } from '../model/entities.ts';
import {
  declareLost,
  evictLost,
  joinNode,
  nodeLike,
  removeNode,
  startNode,
  stopNode,
} from '../model/nodes.ts';
import { nodeObject } from '../model/references.ts';
import type { TruthItem } from '../truth.ts';
import { type Fault, minutes, type Stage } from './fault.ts';

/** After this time without a heartbeat the node controller gives a node up. */
const graceMs = 50_000;
/** Pods tolerate an unreachable node for so long. */
const tolerationMs = 300_000;

/** A machine stops answering; it comes back, or another one takes its place. */
export const nodeLost: Fault = {
  name: 'node_lost',
  fits: (cluster) => cluster.nodes.size > 2,
  *play(stage) {
    const { cluster } = stage;
    const node = stage.claim(
      cluster.nodes,
      ({ role, up, ready }) => role === 'worker' && up && ready === 'true',
    );
    if (!node) return;
    const durationMs = stage.setting('durationMs', minutes(18), minutes(35));
    const comesBack = stage.setting('gone', 0, 1) < 0.7;
    const fact = stage.begin({
      fact: 'node_lost',
      object: nodeObject(node),
      detail: { recovery: comesBack ? 'kubelet' : 'removed' },
    });
    stopNode(node);
    yield graceMs;
    declareLost(node);
    cluster.watcher.changed(node);
    yield tolerationMs;
    evictLost(node);
    yield Math.max(1_000, durationMs - graceMs - tolerationMs);
    if (comesBack) startNode(node, stage.setting('reboot', 0, 1) < 0.5);
    else removeNode(node);
    stage.end(fact);
    if (!comesBack) yield* replace(stage, node, fact);
  },
};

/** The machine is gone for good; minutes later there is another one. */
function* replace(stage: Stage, node: Node, parent: TruthItem): Generator<number, void> {
  const { random } = stage.cluster;
  stage.note({ fact: 'node_removed', object: nodeObject(node), start: stage.nowMs, parent });
  yield random.between(minutes(2), minutes(5));
  const other = nodeLike(node, {
    name: `worker-${random.suffix()}`,
    group: node.group,
    index: 50 + random.below(50),
  });
  stage.note({ fact: 'node_joined', object: nodeObject(other), start: stage.nowMs });
  joinNode(other);
}
