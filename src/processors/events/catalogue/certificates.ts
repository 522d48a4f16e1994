import type { FamilyInput } from '../rule.ts';

const rotated = 'Certificate/{certificate}';

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
        message: '^"(?<certificate>\\S+)" in "(?<in>[^"]+)" requires',
      },
    },
    {
      id: 'certificate-failed',
      scope: '{kind}/{namespace}/{name}',
      event: { reason: ['CertificateUpdateFailed', 'NoValidCertificateFound', 'IssuingFailed'] },
    },
    {
      id: 'certificate-issuing',
      scope: 'Certificate/{namespace}/{name}',
      event: { kind: 'Certificate', reason: 'Issuing', message: '^(?!The certificate has been)' },
    },
    {
      id: 'certificate-issued',
      scope: 'Certificate/{namespace}/{name}',
      event: {
        kind: 'Certificate',
        reason: ['Issuing', 'Issued'],
        message: 'successfully issued|is up to date',
      },
    },
    {
      id: 'certificate-refused',
      scope: 'Certificate/{namespace}/{name}',
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
      object: 'Certificate/{namespace}/{name}',
      start: ['certificate-issuing', 'certificate-refused'],
      end: ['certificate-issued'],
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
