/**
 * Where the clusters and slots of one partition's state went in another's (rekey): by old index the
 * new one, -1 where it went elsewhere or was not in use.
 */
export interface Moved {
  readonly clusters: Int32Array;
  readonly slots: Int32Array;
  /** Whether what belongs to the partition as a whole (cluster -1) goes there too. */
  readonly own: boolean;
}

/** The new index of a cluster; undefined when it went elsewhere. */
export function movedCluster(moved: Moved, cluster: number): number | undefined {
  if (cluster < 0) return moved.own ? cluster : undefined;
  const index = moved.clusters[cluster]!;
  return index < 0 ? undefined : index;
}
