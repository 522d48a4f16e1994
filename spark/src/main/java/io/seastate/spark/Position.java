package io.seastate.spark;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Where the state of a partition stands: epoch, next offset, running digest. */
record Position(int epoch, long next, byte[] digest) {
  static final int BYTES = 4 + 8 + 32;

  static Position start(int epoch, long next) {
    return new Position(epoch, next, new byte[32]);
  }

  static Position read(ByteBuffer in) {
    int epoch = in.getInt();
    long next = in.getLong();
    byte[] digest = new byte[32];
    in.get(digest);
    return new Position(epoch, next, digest);
  }

  void write(Bytes out) {
    out.i32(epoch).i64(next).raw(digest);
  }

  boolean same(Position other) {
    return epoch == other.epoch && next == other.next && Arrays.equals(digest, other.digest);
  }

  @Override
  public String toString() {
    return "epoch " + epoch + ", offset " + next;
  }
}
