import type { FamilyInput } from '../rule.ts';

const rotated = 'Certificate/{in}/{certificate}';
const issued = 'Certificate/{namespace}/{name}';

/** Certificates: rotations of OpenShift and of cert-manager, and those that fail. */
export const certificates: FamilyInput = {
  family: 'certificates',
  signals: [
    {
      id: 'certificate-required',
      scope: rotated,
      event: {
        reason: [
          'SignerUpdateRequired',
          'TargetUpdateRequired',
          'CABundleUpdateRequired',
          'CertificateRotationStarted',
        ],
        message: '^"?(?<certificate>[^"\\s]+)"? in "?(?<in>[^"\\s]+)"? requires',
      },
    },
    {
      id: 'certificate-failed',
      scope: '{kind}/{namespace}/{name}',
      event: { reason: ['CertificateUpdateFailed', 'NoValidCertificateFound', 'IssuingFailed'] },
    },
    {
      id: 'certificate-issuing',
      scope: issued,
      event: { kind: 'Certificate', reason: 'Issuing', message: '^(?!The certificate has been)' },
    },
    {
      id: 'certificate-issued',
      scope: issued,
      event: {
        kind: 'Certificate',
        reason: ['Issuing', 'Issued'],
        message: 'successfully issued|is up to date',
      },
    },
    {
      id: 'certificate-unready',
      scope: issued,
      metric: {
        name: 'certmanager_certificate_ready_status',
        labels: { condition: 'False' },
        is: '== 1',
      },
    },
    {
      id: 'certificate-refused',
      scope: issued,
      event: { kind: 'Certificate', reason: ['Failed', 'Denied', 'InvalidRequest'] },
    },
  ],
  rules: [
    {
      id: 'certificate-rotated',
      fact: 'certificate_rotated',
      title: 'A certificate of the cluster is replaced',
      severity: 'info',
      object: rotated,
      track: 'instant',
      start: ['certificate-required'],
      effects: ['static_pod_revision', 'apiserver_shutdown'],
    },
    {
      id: 'certificate-failing',
      fact: 'certificate_failing',
      title: 'A certificate could not be replaced',
      severity: 'critical',
      object: '{kind}/{namespace}/{name}',
      start: ['certificate-failed'],
      quiet: '1h',
    },
    {
      id: 'certificate-issued',
      fact: 'certificate_issued',
      title: 'cert-manager issues a certificate',
      severity: 'info',
      object: issued,
      start: ['certificate-issuing', 'certificate-refused', 'certificate-unready:on'],
      end: ['certificate-issued', 'certificate-unready:off', 'certificate-unready:gone'],
      quiet: '1h',
      usual: '15m',
    },
  ],
  routine: [
    ...[
      'Generated',
      'Requested',
      'Reused',
      'OrderCreated',
      'OrderPending',
      'CertificateIssued',
    ].map((reason) => ({ reason })),
    ...['CSRCreated', 'CSRApproved', 'CertificateUpdated', 'CertificateRemoved'].map((reason) => ({
      reason,
    })),
    { reason: 'ClientCertificateCreated' },
  ],
};
