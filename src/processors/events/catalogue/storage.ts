import type { FamilyInput } from '../rule.ts';

const pod = 'Pod/{namespace}/{name}';
const claim = 'PersistentVolumeClaim/{namespace}/{name}';

/** Storage: volumes that cannot be attached, mounted, made or resized, or are full. */
export const storage: FamilyInput = {
  family: 'storage',
  signals: [
    { id: 'mount-failed', scope: pod, event: { kind: 'Pod', reason: 'FailedMount' } },
    {
      id: 'attach-failed',
      scope: pod,
      event: { kind: 'Pod', reason: ['FailedAttachVolume', 'FailedMapVolume'] },
    },
    {
      id: 'attached',
      brief: true,
      scope: pod,
      event: { kind: 'Pod', reason: 'SuccessfulAttachVolume' },
    },
    { id: 'pod-running', brief: true, scope: pod, event: { kind: 'Pod', reason: 'Started' } },
    {
      id: 'provisioning-failed',
      scope: claim,
      event: { kind: 'PersistentVolumeClaim', reason: 'ProvisioningFailed' },
    },
    {
      id: 'provisioned',
      scope: claim,
      event: { kind: 'PersistentVolumeClaim', reason: 'ProvisioningSucceeded' },
    },
    {
      id: 'resize-failed',
      scope: claim,
      event: {
        kind: 'PersistentVolumeClaim',
        reason: ['VolumeResizeFailed', 'FileSystemResizeFailed'],
      },
    },
    {
      id: 'resized',
      scope: claim,
      event: {
        kind: 'PersistentVolumeClaim',
        reason: ['VolumeResizeSuccessful', 'FileSystemResizeSuccessful'],
      },
    },
    {
      id: 'volume-failed',
      scope: 'PersistentVolume/{persistentvolume}',
      metric: {
        name: 'kube_persistentvolume_status_phase',
        labels: { phase: 'Failed' },
        is: '== 1',
      },
    },
    {
      id: 'claim-lost',
      scope: 'PersistentVolumeClaim/{namespace}/{persistentvolumeclaim}',
      metric: {
        name: 'kube_persistentvolumeclaim_status_phase',
        labels: { phase: 'Lost' },
        is: '== 1',
      },
    },
  ],
  rules: [
    {
      id: 'volume-mount-failing',
      fact: 'volume_mount_failing',
      title: 'A pod cannot get its volumes',
      severity: 'warning',
      object: pod,
      track: 'storm',
      start: ['mount-failed', 'attach-failed'],
      end: ['attached', 'pod-running'],
      at_least: 3,
      within: '10m',
      quiet: '15m',
    },
    {
      id: 'volume-provisioning-failing',
      fact: 'volume_provisioning_failing',
      title: 'A volume cannot be made',
      severity: 'warning',
      object: claim,
      start: ['provisioning-failed'],
      end: ['provisioned'],
      quiet: '15m',
    },
    {
      id: 'volume-resize-failing',
      fact: 'volume_resize_failing',
      title: 'A volume cannot be resized',
      severity: 'warning',
      object: claim,
      start: ['resize-failed'],
      end: ['resized'],
      quiet: '30m',
    },
    {
      id: 'volume-failed',
      fact: 'volume_failed',
      title: 'A volume failed',
      severity: 'critical',
      object: 'PersistentVolume/{persistentvolume}',
      start: ['volume-failed:on'],
      end: ['volume-failed:off', 'volume-failed:gone'],
    },
    {
      id: 'volume-lost',
      fact: 'volume_lost',
      title: 'A claim lost its volume',
      severity: 'critical',
      object: claim,
      start: ['claim-lost:on'],
      end: ['claim-lost:off', 'claim-lost:gone'],
    },
  ],
  routine: [
    ...['FailedBinding', 'WaitForFirstConsumer', 'ExternalProvisioning', 'Provisioning'].map(
      (reason) => ({ kind: 'PersistentVolumeClaim', reason }),
    ),
    ...['Resizing', 'FileSystemResizeRequired', 'ExternalExpanding'].map((reason) => ({ reason })),
    { reason: 'AwaitingVolumeDetachment' },
    { reason: 'VolumeMismatch' },
  ],
};
