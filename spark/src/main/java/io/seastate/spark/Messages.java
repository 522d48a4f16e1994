package io.seastate.spark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The messages of src/engine/runner/PROTOCOL.md, from the host's side. */
final class Messages {
  static final int PROTOCOL = 1;
  static final int HELLO = 0;
  static final int LOAD = 1;
  static final int BATCH = 2;
  static final int DONE = 3;
  static final int NEED = 4;
  static final int FAILED = 5;

  private Messages() {}

  static byte[] load(int partition, Position position, List<byte[]> chunks, List<byte[]> tail) {
    long size = 128;
    for (byte[] part : chunks) size += part.length + 4;
    for (byte[] part : tail) size += part.length + 4;
    if (size > Integer.MAX_VALUE - 64) {
      throw new IllegalStateException(
          "partition " + partition + ": state and tail take " + size + " bytes, more than one"
              + " message holds: make snapshots more often (tailBytesMax) or track fewer series");
    }
    Bytes out = new Bytes((int) size);
    out.u8(LOAD).i32(partition);
    position.write(out);
    list(out, chunks);
    list(out, tail);
    return out.toByteArray();
  }

  /** The head of a batch; the records part follows. */
  static byte[] batch(int partition, Position position, boolean wantSnapshot) {
    Bytes out = new Bytes(1 + 4 + Position.BYTES + 1);
    out.u8(BATCH).i32(partition);
    position.write(out);
    return out.u8(wantSnapshot ? 1 : 0).toByteArray();
  }

  /** The records part of a batch: what is kept as the tail. */
  static byte[] records(List<byte[]> records) {
    int size = 4;
    for (byte[] record : records) size += record.length;
    Bytes out = new Bytes(size).i32(records.size());
    for (byte[] record : records) out.raw(record);
    return out.toByteArray();
  }

  private static void list(Bytes out, List<byte[]> parts) {
    out.i32(parts.size());
    for (byte[] part : parts) out.bytes(part);
  }

  /** One output of a stage; `value` may be null. */
  record Output(String topic, int partition, String[] names, byte[][] values, byte[] value) {}

  sealed interface Reply permits Hello, Done, Need, Failed {}

  /** `json` is {protocol, node, arch, stage, bundle}. */
  record Hello(String json) implements Reply {}

  record Done(int partition, Position position, List<Output> outputs, List<byte[]> chunks)
      implements Reply {}

  record Need(int partition) implements Reply {}

  /** `json` is {code, message, stage, offset, partition}. */
  record Failed(int partition, String json) implements Reply {}

  static Reply read(byte[] message) {
    ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    int type = in.get();
    return switch (type) {
      case HELLO -> new Hello(text(in));
      case DONE -> new Done(in.getInt(), Position.read(in), outputs(in), chunks(in));
      case NEED -> new Need(in.getInt());
      case FAILED -> new Failed(in.getInt(), text(in));
      default -> throw new IllegalStateException("the runner sent a message of type " + type);
    };
  }

  private static List<Output> outputs(ByteBuffer in) {
    int count = in.getInt();
    List<Output> outputs = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      String topic = text(in);
      int partition = in.getInt();
      int headers = in.getShort() & 0xffff;
      String[] names = new String[headers];
      byte[][] values = new byte[headers][];
      for (int k = 0; k < headers; k++) {
        names[k] = new String(take(in, in.getShort() & 0xffff), StandardCharsets.UTF_8);
        values[k] = take(in, in.getShort() & 0xffff);
      }
      int length = in.getInt();
      byte[] value = length < 0 ? null : take(in, length);
      outputs.add(new Output(topic, partition, names, values, value));
    }
    return outputs;
  }

  private static List<byte[]> chunks(ByteBuffer in) {
    int count = in.getInt();
    List<byte[]> chunks = new ArrayList<>(count);
    for (int i = 0; i < count; i++) chunks.add(take(in, in.getInt()));
    return chunks;
  }

  private static String text(ByteBuffer in) {
    return new String(take(in, in.getInt()), StandardCharsets.UTF_8);
  }

  private static byte[] take(ByteBuffer in, int length) {
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }
}
