package io.seastate.spark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The small part of a partition's state: where it stands, where its snapshot stands, how many
 * chunks and tail entries belong to it, and who made the tail.
 */
final class Head {
  Position position;
  Position snapshot;
  int chunks;
  int tail;
  long tailBytes;
  /** Slot of log time seen last; Long.MIN_VALUE before the first record. */
  long slot = Long.MIN_VALUE;
  String bundle = "";
  /** Whether the snapshot stands at the shared place too. */
  boolean shared = true;
  /** `hello` of the runner that made the tail. */
  String hello = "";

  static Head start(Position position, String bundle) {
    Head head = new Head();
    head.position = position;
    head.snapshot = position;
    head.bundle = bundle;
    return head;
  }

  static Head read(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    Head head = new Head();
    head.position = Position.read(in);
    head.snapshot = Position.read(in);
    head.chunks = in.getInt();
    head.tail = in.getInt();
    head.tailBytes = in.getLong();
    head.slot = in.getLong();
    head.bundle = text(in);
    head.hello = text(in);
    head.shared = in.get() == 1;
    return head;
  }

  byte[] write() {
    Bytes out = new Bytes(2 * Position.BYTES + 256);
    position.write(out);
    snapshot.write(out);
    out.i32(chunks).i32(tail).i64(tailBytes).i64(slot).text(bundle).text(hello).raw(new byte[] {(byte) (shared ? 1 : 0)});
    return out.toByteArray();
  }

  private static String text(ByteBuffer in) {
    byte[] bytes = new byte[in.getInt()];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
