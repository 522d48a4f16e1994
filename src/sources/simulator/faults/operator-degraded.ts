import type { Operator } from '../model/entities.ts';
import { type Fault, minutes } from './fault.ts';

/** A cluster operator of OpenShift is degraded for a while. */
export const operatorDegraded: Fault = {
  name: 'operator_degraded',
  fits: (cluster) => cluster.flavour === 'openshift',
  *play(stage) {
    const operator = stage.claim(stage.cluster.operators);
    if (!operator) return;
    const fact = stage.begin({
      fact: 'operator_degraded',
      object: `ClusterOperator/${operator.name}`,
    });
    setDegraded(operator, 'SyncError');
    yield stage.setting('durationMs', minutes(32), minutes(50));
    setDegraded(operator, '');
    stage.end(fact);
  },
};

function setDegraded(operator: Operator, reason: string): void {
  const { name } = operator;
  operator.degraded = reason !== '';
  operator.degradedReason = reason;
  const change = operator.degraded
    ? `Degraded changed from False to True ("${name}OperatorDegraded: ${reason}")`
    : `Degraded changed from True to False ("${name}OperatorDegraded: All is well")`;
  sayOperator(
    operator,
    'OperatorStatusChanged',
    `Status for clusteroperator/${name} changed: ${change}`,
  );
  operator.cluster.watcher.changed(operator);
}

export function sayOperator(operator: Operator, reason: string, message: string): void {
  const { cluster, name } = operator;
  cluster.events.record({
    component: `${name}-operator-status-controller-statussyncer_${name}`,
    object: {
      kind: 'Deployment',
      namespace: `openshift-${name}-operator`,
      name: `${name}-operator`,
      apiVersion: 'apps/v1',
    },
    reason,
    message,
  });
}
