package io.seastate.spark;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes little-endian numbers and bytes, as the runner protocol wants them. */
final class Bytes extends ByteArrayOutputStream {
  Bytes(int capacity) {
    super(capacity);
  }

  Bytes u8(int value) {
    write(value);
    return this;
  }

  Bytes u16(int value) {
    return u8(value).u8(value >>> 8);
  }

  Bytes i32(int value) {
    return u16(value).u16(value >>> 16);
  }

  Bytes i64(long value) {
    return i32((int) value).i32((int) (value >>> 32));
  }

  Bytes raw(byte[] bytes) {
    write(bytes, 0, bytes.length);
    return this;
  }

  Bytes bytes(byte[] bytes) {
    return i32(bytes.length).raw(bytes);
  }

  Bytes text(String text) {
    return bytes(utf8(text));
  }

  /** u16 length and UTF-8, as in record headers. */
  Bytes shortText(byte[] utf8) {
    if (utf8.length > 0xffff) throw new IllegalArgumentException("a header is above 65535 bytes");
    return u16(utf8.length).raw(utf8);
  }

  /** What was written; not copied where the capacity given was exact. */
  @Override
  public synchronized byte[] toByteArray() {
    return count == buf.length ? buf : super.toByteArray();
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
