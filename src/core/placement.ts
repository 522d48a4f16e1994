import { utf8 } from './bytes.ts';
import { xxh32 } from './xxh32.ts';

/**
 * The placement rule (DESIGN 3): xxh32 of the UTF-8 bytes of `tenant\0cluster\0part`, modulo the
 * number of partitions. Chosen here and never by a client library, so that every gateway and every
 * tool agrees. The rule may never change under the same `hashVersion`.
 */
export const hashVersion = 1;

/** `part` splits giants later; it is 0 today. */
export function placementHash(tenant: string, cluster: string, part = 0): number {
  return xxh32(utf8(`${tenant}\0${cluster}\0${part}`));
}

export function partitionOf(tenant: string, cluster: string, partitions: number, part = 0): number {
  return placementHash(tenant, cluster, part) % partitions;
}

/** Vectors for other implementations; docs/reference/placement prints them. */
export const placementVectors: readonly {
  readonly tenant: string;
  readonly cluster: string;
  readonly part: number;
  readonly hash: number;
}[] = [
  { tenant: 'default', cluster: 'default', part: 0, hash: 858504298 },
  { tenant: 'default', cluster: '', part: 0, hash: 1777897049 },
  { tenant: '', cluster: '', part: 0, hash: 3076502317 },
  { tenant: 'demo', cluster: 'prod-eu-1', part: 0, hash: 2288883425 },
  { tenant: 'demo', cluster: 'prod-eu-1', part: 1, hash: 554497906 },
  { tenant: 'acme', cluster: '2f6c9f0e-8d0e-4c67-9d5c-0b7d7a1c9f11', part: 0, hash: 590279001 },
  { tenant: 'größe', cluster: '東京', part: 0, hash: 3019904760 },
];
