import type { Atom } from '../atoms.ts';
import type { Evidence } from '../draft.ts';

/** What happened to one node, read from its timeline; classified by `nodes.ts`. */
export interface NodeStory {
  readonly name: string;
  readonly scope: string;
  readonly joins: readonly Span[];
  readonly removals: readonly Span[];
  readonly outages: readonly Outage[];
  readonly cordons: readonly Cordon[];
  readonly versions: readonly VersionChange[];
  readonly images: readonly VersionChange[];
  readonly starts: readonly Atom[];
  /** Version that the kubelet runs now; '' when no series tells. */
  readonly version: string;
  /** In the cluster, as far as we know. */
  readonly present: boolean;
}

export interface Span {
  readonly start: number;
  readonly end: number | null;
  readonly endBy: string | null;
  readonly evidence: readonly Evidence[];
}

export interface Outage extends Span {
  /** lost: said by the control plane, or no answer for long; not-ready: by the kubelet. */
  readonly kind: 'rebooted' | 'lost' | 'not-ready';
}

export interface Cordon extends Span {
  /** When a machine config controller chose the node, if it did. */
  readonly targeted: number | null;
  readonly daemon: boolean;
  readonly kubeletStart: number | null;
  readonly pods: readonly Atom[];
  /** It ended because the node left. */
  readonly removed: boolean;
}

export interface VersionChange {
  readonly time: number;
  readonly from: string;
  readonly to: string;
}
