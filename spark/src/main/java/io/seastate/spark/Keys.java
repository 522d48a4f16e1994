package io.seastate.spark;

/**
 * Keys that Spark hashes to a state partition of their own: pmod(murmur3(key, 42), n) = partition,
 * so that every Kafka partition has exactly one task.
 */
final class Keys {
  private Keys() {}

  static int[] ofPartitions(int count) {
    int[] keys = new int[count];
    boolean[] found = new boolean[count];
    int left = count;
    for (int key = 0; left > 0; key++) {
      int partition = Math.floorMod(murmur3(key), count);
      if (found[partition]) continue;
      found[partition] = true;
      keys[partition] = key;
      left--;
    }
    return keys;
  }

  /** MurmurHash3 (x86, 32 bits) of an int with seed 42. */
  static int murmur3(int value) {
    int k = Integer.rotateLeft(value * 0xcc9e2d51, 15) * 0x1b873593;
    int hash = Integer.rotateLeft(42 ^ k, 13) * 5 + 0xe6546b64;
    hash ^= 4;
    hash = (hash ^ (hash >>> 16)) * 0x85ebca6b;
    hash = (hash ^ (hash >>> 13)) * 0xc2b2ae35;
    return hash ^ (hash >>> 16);
  }
}
