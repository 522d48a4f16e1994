import { at, grown, lives, nodes, pod, type Story, tellStories } from './stories.test-kit.ts';

/** Certificates, storage, upgrades without OpenShift, etcd, API servers. */
const stories: readonly Story[] = [
  {
    name: 'certificates: a signer is replaced, cert-manager issues one and fails with another',
    events(s) {
      const rotation = {
        ...at,
        kind: 'Deployment',
        namespace: 'openshift-kube-apiserver-operator',
        object: 'kube-apiserver-operator',
        component: 'kube-apiserver-operator-certrotationcontroller',
      };
      s.event(100, {
        ...rotation,
        reason: 'SignerUpdateRequired',
        message:
          '"loadbalancer-serving-signer" in "openshift-kube-apiserver-operator" requires a new signing cert/key pair: past its renewal time 2026-11-20',
      });
      s.event(101, { ...rotation, reason: 'CertificateUpdated', message: 'Updated' });
      const own = {
        ...at,
        kind: 'Certificate',
        namespace: 'shop',
        component: 'cert-manager-certificates-issuing',
      };
      s.event(200, {
        ...own,
        object: 'web-tls',
        reason: 'Issuing',
        message: 'Renewing certificate as renewal was scheduled at 2026-11-22',
      });
      s.event(201, {
        ...own,
        object: 'web-tls',
        reason: 'Generated',
        message: 'Stored new private key',
      });
      s.event(230, {
        ...own,
        object: 'web-tls',
        reason: 'Issuing',
        message: 'The certificate has been successfully issued',
      });
      s.event(300, {
        ...own,
        object: 'api-tls',
        type: 'Warning',
        reason: 'Failed',
        message: 'The certificate request has failed to complete and will be retried',
      });
    },
    metrics(s) {
      s.healthy(0, 900, nodes);
      const ready = { name: 'api-tls', namespace: 'shop', condition: 'False' };
      s.metric(0, 'certmanager_certificate_ready_status', ready, 0);
      s.metric(300, 'certmanager_certificate_ready_status', ready, 1);
      s.metric(600, 'certmanager_certificate_ready_status', ready, 0);
    },
    fromEvents: [
      'certificate_rotated Certificate/openshift-kube-apiserver-operator/loadbalancer-serving-signer 100..100',
      'certificate_issued Certificate/shop/web-tls 200..230',
      'certificate_issued Certificate/shop/api-tls 300..',
    ],
    fromMetrics: ['certificate_issued Certificate/shop/api-tls 300..600'],
    fromBoth: [
      'certificate_rotated Certificate/openshift-kube-apiserver-operator/loadbalancer-serving-signer 100..100',
      'certificate_issued Certificate/shop/web-tls 200..230',
      'certificate_issued Certificate/shop/api-tls 300..600',
    ],
  },
  {
    name: 'storage: a volume does not mount, one cannot be made, a claim is lost',
    events(s) {
      const mount = { ...pod, component: 'kubelet', host: 'n1', type: 'Warning', name: 'w.1' };
      s.event(100, {
        ...mount,
        reason: 'FailedMount',
        message: 'MountVolume.SetUp failed for volume "data" : timeout',
        count: 1,
      });
      s.inputs.push(
        grown(s, 100, 220, 5, {
          ...mount,
          reason: 'FailedMount',
          message: 'MountVolume.SetUp failed for volume "data" : timeout',
        }),
      );
      s.event(300, {
        ...pod,
        component: 'kubelet',
        host: 'n1',
        reason: 'Started',
        message: 'Container started',
      });
      const own = { ...at, kind: 'PersistentVolumeClaim', namespace: 'shop', object: 'data' };
      s.event(400, {
        ...own,
        component: 'ebs.csi.aws.com',
        type: 'Warning',
        reason: 'ProvisioningFailed',
        message: 'failed to provision volume with StorageClass "gp3"',
      });
      s.event(460, {
        ...own,
        component: 'ebs.csi.aws.com',
        reason: 'ProvisioningSucceeded',
        message: 'Successfully provisioned volume pvc-1',
      });
      s.event(500, {
        ...own,
        component: 'external-resizer',
        type: 'Warning',
        reason: 'VolumeResizeFailed',
        message: 'resize volume "pvc-1" failed',
      });
      s.event(560, {
        ...own,
        component: 'kubelet',
        reason: 'FileSystemResizeSuccessful',
        message: 'MountVolume.NodeExpandVolume succeeded',
      });
    },
    metrics(s) {
      s.healthy(0, 900, nodes);
      const lost = { namespace: 'shop', persistentvolumeclaim: 'old', phase: 'Lost' };
      s.metric(0, 'kube_persistentvolumeclaim_status_phase', lost, 0);
      s.metric(150, 'kube_persistentvolumeclaim_status_phase', lost, 1);
      s.metric(600, 'kube_persistentvolumeclaim_status_phase', lost, 0);
    },
    fromEvents: [
      'volume_mount_failing Pod/shop/web-5d964459dd-lzldc 100..300',
      'volume_provisioning_failing PersistentVolumeClaim/shop/data 400..460',
      'volume_resize_failing PersistentVolumeClaim/shop/data 500..560',
    ],
    fromMetrics: ['volume_lost PersistentVolumeClaim/shop/old 150..600'],
    fromBoth: [
      'volume_mount_failing Pod/shop/web-5d964459dd-lzldc 100..300',
      'volume_lost PersistentVolumeClaim/shop/old 150..600',
      'volume_provisioning_failing PersistentVolumeClaim/shop/data 400..460',
      'volume_resize_failing PersistentVolumeClaim/shop/data 500..560',
    ],
  },
  {
    name: 'a managed cluster: nodes of a new version replace the old ones',
    metrics(s) {
      const version = (t: number, node: string, v: string, value: number | null): void => {
        s.metric(t, 'kube_node_info', { node, kubelet_version: v }, value);
      };
      s.healthy(0, 900, ['n1']);
      for (const [i, node] of ['n1', 'n2', 'n3'].entries()) {
        version(0, node, 'v1.33.1', 1);
        const gone = node === 'n1' ? null : 300 + i * 60;
        if (gone !== null) {
          lives(s, node, 0, gone);
          version(gone, node, 'v1.33.1', null);
        }
        const fresh = `m${i}`;
        if (i === 0) continue;
        lives(s, fresh, 180 + i * 60);
        version(180 + i * 60, fresh, 'v1.34.0', 1);
      }
      version(600, 'n1', 'v1.33.1', null);
      version(600, 'n1', 'v1.34.0', 1);
    },
    fromBoth: [
      'node_joined Node/m1 240..240',
      'cluster_upgrade Cluster 240..600',
      'node_joined Node/m2 300..300',
      'node_removed Node/n2 360..360',
      'node_removed Node/n3 420..420',
      'upgrade_node Node/n1 600..600',
    ],
  },
  {
    name: 'a k3s plan upgrades node after node',
    events(s) {
      const plan = {
        ...at,
        kind: 'Plan',
        namespace: 'system-upgrade',
        object: 'server-plan',
        component: 'system-upgrade-controller',
      };
      s.event(100, {
        ...plan,
        reason: 'Resolved',
        message: 'Resolved latest version from Spec.Version: v1.34.2+k3s1',
      });
      s.event(101, {
        ...plan,
        reason: 'SyncJob',
        message: 'Jobs synced for version v1.34.2+k3s1 on Nodes n1. Hash: a',
      });
      s.event(220, { ...plan, reason: 'JobComplete', message: 'Job completed on Node n1' });
      s.event(221, {
        ...plan,
        reason: 'SyncJob',
        message: 'Jobs synced for version v1.34.2+k3s1 on Nodes n2. Hash: a',
      });
      s.event(340, { ...plan, reason: 'JobComplete', message: 'Job completed on Node n2' });
      s.event(341, {
        ...plan,
        reason: 'Complete',
        message: 'Jobs complete for version v1.34.2+k3s1. Hash: a',
      });
    },
    fromBoth: ['upgrade_plan Plan/system-upgrade/server-plan 100..341'],
  },
  {
    name: 'etcd elects a leader, then has none',
    events(s) {
      s.event(150, {
        ...at,
        kind: 'Deployment',
        namespace: 'openshift-etcd-operator',
        object: 'etcd-operator',
        component: 'openshift-cluster-etcd-operator-etcd-leader-changes',
        type: 'Warning',
        reason: 'EtcdLeaderChangeMetrics',
        message: 'Detected leader change increase of 2 over 5 minutes on "AWS"',
      });
    },
    metrics(s) {
      s.healthy(0, 900, nodes);
      for (const instance of ['10.0.0.1:2379', '10.0.0.2:2379', '10.0.0.3:2379']) {
        s.metric(0, 'etcd_server_leader_changes_seen_total', { instance, job: 'etcd' }, 4);
        s.metric(120, 'etcd_server_leader_changes_seen_total', { instance, job: 'etcd' }, 5);
        s.metric(0, 'etcd_server_has_leader', { instance, job: 'etcd' }, 1);
        s.metric(300, 'etcd_server_has_leader', { instance, job: 'etcd' }, 0);
        s.metric(360, 'etcd_server_has_leader', { instance, job: 'etcd' }, 1);
      }
    },
    fromEvents: ['etcd_leader_changed Component/etcd 150..150'],
    fromMetrics: [
      'etcd_leader_changed Component/etcd 120..120',
      'etcd_without_leader Component/etcd 300..360',
    ],
    fromBoth: [
      'etcd_leader_changed Component/etcd 120..120',
      'etcd_without_leader Component/etcd 300..360',
    ],
  },
  {
    name: 'an OpenShift API server shuts down for a new revision, an operator is degraded',
    events(s) {
      const revision = {
        ...at,
        kind: 'Deployment',
        namespace: 'openshift-kube-apiserver-operator',
        object: 'kube-apiserver-operator',
        component: 'kube-apiserver-operator-installer-controller',
      };
      s.event(100, {
        ...revision,
        reason: 'NodeTargetRevisionChanged',
        message:
          'Updating node "m1" from revision 7 to 8 because node m1 with revision 7 is the oldest',
      });
      const server = {
        ...at,
        kind: 'Pod',
        namespace: 'openshift-kube-apiserver',
        object: 'kube-apiserver-m1',
        component: 'apiserver',
      };
      s.event(120, {
        ...server,
        reason: 'ShutdownInitiated',
        message: 'Received signal to terminate, becoming unready, but keeping serving',
      });
      s.event(190, {
        ...server,
        reason: 'TerminationStoppedServing',
        message: 'Server has stopped listening',
      });
      s.event(195, {
        ...server,
        reason: 'TerminationGracefulTerminationFinished',
        message: 'All pending requests processed',
      });
      s.event(240, {
        ...revision,
        reason: 'NodeCurrentRevisionChanged',
        message: 'Updated node "m1" from revision 7 to 8 because static pod is ready',
      });
    },
    metrics(s) {
      s.healthy(0, 900, nodes);
      const degraded = { name: 'kube-apiserver', condition: 'Degraded', reason: 'x' };
      s.metric(0, 'cluster_operator_conditions', degraded, 0);
      s.metric(300, 'cluster_operator_conditions', degraded, 1);
      s.metric(420, 'cluster_operator_conditions', degraded, 0);
    },
    fromEvents: [
      'static_pod_revision StaticPod/openshift-kube-apiserver-operator/kube-apiserver-operator 100..240',
      'apiserver_shutdown Pod/openshift-kube-apiserver/kube-apiserver-m1 120..190',
    ],
    fromMetrics: ['operator_degraded ClusterOperator/kube-apiserver 300..420'],
    fromBoth: [
      'static_pod_revision StaticPod/openshift-kube-apiserver-operator/kube-apiserver-operator 100..240',
      'apiserver_shutdown Pod/openshift-kube-apiserver/kube-apiserver-m1 120..190',
      'operator_degraded ClusterOperator/kube-apiserver 300..420',
    ],
  },
];

tellStories(stories);
