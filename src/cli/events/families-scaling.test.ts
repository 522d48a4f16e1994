import { at, lives, nodes, pod, type Said, type Story, tellStories } from './stories.test-kit.ts';

const claim = (reason: string, message: string, type = 'Normal'): Said => ({
  ...at,
  kind: 'NodeClaim',
  object: 'default-7xk2p',
  component: 'karpenter',
  type,
  reason,
  message,
});

/** Nodes that come and go, machines, pod autoscalers, problems of nodes. */
const stories: readonly Story[] = [
  {
    name: 'Karpenter adds a node to a pool and takes it away again',
    events(s) {
      s.event(100, {
        ...pod,
        component: 'karpenter',
        reason: 'Nominated',
        message: 'Pod should schedule on: nodeclaim/default-7xk2p',
      });
      s.event(130, { reason: 'Starting', object: 'n4', host: 'n4', message: 'Starting kubelet.' });
      s.event(131, {
        ...at,
        component: 'node-controller',
        reason: 'RegisteredNode',
        object: 'n4',
        message: 'Node n4 event: Registered Node n4 in Controller',
      });
      s.event(150, {
        reason: 'NodeReady',
        object: 'n4',
        host: 'n4',
        message: 'Node n4 status is now: NodeReady',
      });
      s.event(600, claim('DisruptionTerminating', 'Disrupting NodeClaim: Empty'));
      s.event(660, {
        ...at,
        component: 'node-controller',
        reason: 'RemovingNode',
        object: 'n4',
        message: 'Node n4 event: Removing Node n4 from Controller',
      });
    },
    metrics(s) {
      s.healthy(0, 900, nodes);
      lives(s, 'n4', 150, 660);
      s.metric(0, 'karpenter_nodes_created_total', { nodepool: 'default' }, 3);
      s.metric(120, 'karpenter_nodes_created_total', { nodepool: 'default' }, 4);
      s.metric(0, 'karpenter_nodes_terminated_total', { nodepool: 'default' }, 0);
      s.metric(660, 'karpenter_nodes_terminated_total', { nodepool: 'default' }, 1);
      const taint = { node: 'n4', key: 'karpenter.sh/disrupted', effect: 'NoSchedule' };
      s.metric(600, 'kube_node_spec_taint', taint, 1);
      s.metric(660, 'kube_node_spec_taint', taint, null);
    },
    fromEvents: [
      'node_joined Node/n4 130..150',
      'node_claim_disrupted NodeClaim/default-7xk2p 600..600',
      'node_removed Node/n4 660..660',
    ],
    fromMetrics: [
      'cluster_scale_up NodeGroup/default 120..150',
      'node_joined Node/n4 150..150',
      'cluster_scale_down NodeGroup/default 600..660',
      'node_removed Node/n4 660..660',
    ],
    fromBoth: [
      'cluster_scale_up NodeGroup/default 120..150',
      'node_joined Node/n4 130..150',
      'cluster_scale_down NodeGroup/default 600..660',
      'node_claim_disrupted NodeClaim/default-7xk2p 600..600',
      'node_removed Node/n4 660..660',
    ],
  },
  {
    name: 'Karpenter finds no capacity, and cannot drain',
    events(s) {
      s.event(
        100,
        claim(
          'InsufficientCapacityError',
          'NodeClaim default-7xk2p event: creating instance, insufficient capacity, with fleet error(s)',
          'Warning',
        ),
      );
      s.event(200, {
        ...at,
        component: 'karpenter',
        type: 'Warning',
        reason: 'FailedDraining',
        object: 'n1',
        message: 'Failed to drain node, 3 pods are waiting to be evicted',
        count: 1,
      });
      s.event(320, {
        ...at,
        component: 'karpenter',
        type: 'Warning',
        reason: 'FailedDraining',
        object: 'n1',
        message: 'Failed to drain node, 1 pods are waiting to be evicted',
      });
      s.event(400, {
        ...at,
        component: 'node-controller',
        reason: 'RemovingNode',
        object: 'n1',
        message: 'Node n1 event: Removing Node n1 from Controller',
      });
    },
    fromBoth: [
      'node_claim_no_capacity NodeClaim/default-7xk2p 100..100',
      'node_drain_failing Node/n1 200..400',
      'node_removed Node/n1 400..400',
    ],
  },
  {
    name: 'a machine set grows, one machine fails and another is found unhealthy',
    events(s) {
      const machine = {
        ...at,
        kind: 'Machine',
        namespace: 'openshift-machine-api',
        object: 'w-x2',
      };
      s.event(100, {
        ...machine,
        component: 'aws-controller',
        type: 'Warning',
        reason: 'FailedCreate',
        message: 'error launching instance: InsufficientInstanceCapacity',
      });
      s.event(400, {
        ...machine,
        component: 'aws-controller',
        reason: 'Create',
        message: 'Created Machine w-x2',
      });
      s.event(500, {
        ...machine,
        object: 'w-x1',
        component: 'machinehealthcheck-controller',
        reason: 'DetectedUnhealthy',
        message: 'Machine openshift-machine-api/mhc/w-x1/n1 has unhealthy node n1',
      });
      s.event(520, {
        ...machine,
        object: 'w-x1',
        component: 'machinehealthcheck-controller',
        reason: 'MachineDeleted',
        message:
          'Machine openshift-machine-api/mhc/w-x1/n1 has been remediated by requesting to delete Machine object',
      });
    },
    metrics(s) {
      s.healthy(0, 900, nodes);
      const set = { name: 'w', namespace: 'openshift-machine-api' };
      s.metric(0, 'mapi_machine_set_status_replicas', set, 3);
      s.metric(90, 'mapi_machine_set_status_replicas', set, 4);
    },
    fromEvents: [
      'machine_failed Machine/openshift-machine-api/w-x2 100..400',
      'machine_unhealthy Machine/openshift-machine-api/w-x1 500..520',
    ],
    fromMetrics: ['machine_set_scaled MachineSet/openshift-machine-api/w 90..90'],
    fromBoth: [
      'machine_set_scaled MachineSet/openshift-machine-api/w 90..90',
      'machine_failed Machine/openshift-machine-api/w-x2 100..400',
      'machine_unhealthy Machine/openshift-machine-api/w-x1 500..520',
    ],
  },
  {
    name: 'a pod autoscaler grows a workload, and cannot shrink it',
    events(s) {
      const hpa = {
        ...at,
        kind: 'HorizontalPodAutoscaler',
        namespace: 'shop',
        object: 'web',
        component: 'horizontal-pod-autoscaler',
      };
      s.event(100, {
        ...hpa,
        reason: 'SuccessfulRescale',
        message:
          'New size: 4; reason: cpu resource utilization (percentage of request) above target',
      });
      s.event(100, {
        ...at,
        kind: 'Deployment',
        namespace: 'shop',
        object: 'web',
        component: 'deployment-controller',
        reason: 'ScalingReplicaSet',
        message: 'Scaled up replica set web-5d964459dd from 2 to 4',
      });
      s.event(400, {
        ...hpa,
        type: 'Warning',
        reason: 'FailedRescale',
        message: 'New size: 2; reason: All metrics below target; error: conflict',
      });
    },
    metrics(s) {
      s.healthy(0, 900, nodes);
      const hpa = { namespace: 'shop', horizontalpodautoscaler: 'web' };
      s.metric(0, 'kube_horizontalpodautoscaler_status_desired_replicas', hpa, 2);
      s.metric(105, 'kube_horizontalpodautoscaler_status_desired_replicas', hpa, 4);
      for (const [t, n] of [
        [0, 2],
        [105, 4],
      ] as const) {
        s.metric(t, 'kube_deployment_spec_replicas', { namespace: 'shop', deployment: 'web' }, n);
      }
      for (const [t, n] of [
        [0, 2],
        [120, 4],
      ] as const) {
        for (const what of ['', '_updated', '_available']) {
          s.metric(
            t,
            `kube_deployment_status_replicas${what}`,
            { namespace: 'shop', deployment: 'web' },
            n,
          );
        }
      }
    },
    fromEvents: [
      'hpa_rescaled HorizontalPodAutoscaler/shop/web 100..100',
      'hpa_rescale_failed HorizontalPodAutoscaler/shop/web 400..',
    ],
    fromMetrics: ['hpa_rescaled HorizontalPodAutoscaler/shop/web 105..120'],
    fromBoth: [
      'hpa_rescaled HorizontalPodAutoscaler/shop/web 100..120',
      'hpa_rescale_failed HorizontalPodAutoscaler/shop/web 400..',
    ],
  },
  {
    name: 'node problems: a deadlock of the kernel, processes run out, no capacity left to add',
    events(s) {
      s.event(100, {
        ...at,
        component: 'kernel-monitor',
        host: 'n1',
        reason: 'TaskHung',
        type: 'Warning',
        message: 'task docker:7 blocked for more than 300 seconds',
      });
      s.event(200, {
        reason: 'NodeHasInsufficientPID',
        message: 'Node n1 status is now: NodeHasInsufficientPID',
      });
      s.event(290, {
        reason: 'NodeHasSufficientPID',
        message: 'Node n1 status is now: NodeHasSufficientPID',
      });
      const status = {
        ...at,
        kind: 'ConfigMap',
        namespace: 'kube-system',
        object: 'cluster-autoscaler-status',
        component: 'cluster-autoscaler',
        type: 'Warning',
      };
      s.event(400, {
        ...status,
        reason: 'FailedToScaleUpGroup',
        message: 'Scale-up failed for group pool-gpu: out of resources',
      });
      s.event(500, {
        ...status,
        reason: 'MaxNodesTotalReached',
        message: 'Max total nodes in cluster reached: 10',
      });
    },
    metrics(s) {
      s.healthy(0, 900, nodes);
      s.condition(0, 'n1', 'PIDPressure', 0).condition(210, 'n1', 'PIDPressure', 1);
      s.condition(300, 'n1', 'PIDPressure', 0);
      s.condition(0, 'n1', 'KernelDeadlock', 0).condition(105, 'n1', 'KernelDeadlock', 1);
    },
    fromEvents: [
      'node_problem Node/n1 100..100',
      'node_pid_pressure Node/n1 200..290',
      'cluster_scale_up_failed NodeGroup/pool-gpu 400..400',
      'cluster_at_maximum Cluster 500..500',
    ],
    fromMetrics: ['node_problem Node/n1 105..105', 'node_pid_pressure Node/n1 210..300'],
    fromBoth: [
      'node_problem Node/n1 100..100',
      'node_pid_pressure Node/n1 200..290',
      'cluster_scale_up_failed NodeGroup/pool-gpu 400..400',
      'cluster_at_maximum Cluster 500..500',
    ],
  },
];

tellStories(stories);
