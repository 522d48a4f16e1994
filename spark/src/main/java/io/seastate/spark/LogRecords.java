package io.seastate.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Row;
import scala.Tuple2;

/**
 * Records as the runner reads them: i64 offset, i64 timestamp, headers, value. The bridge looks at
 * nothing but the offset, the timestamp and the kinds that steer it.
 */
final class LogRecords {
  /** The name of a bundle: its sha-256, or nothing. */
  private static final Pattern BUNDLE = Pattern.compile("([0-9a-f]{64})?");
  private static final ObjectMapper JSON = new ObjectMapper();

  private LogRecords() {}

  /** Rows of (partition, offset, timestamp ms, headers, value) as (partition, record). */
  static MapFunction<Row, Tuple2<Integer, byte[]>> encoder() {
    return row -> {
      List<Row> headers = row.isNullAt(3) ? List.of() : row.getList(3);
      byte[] value = row.isNullAt(4) ? null : (byte[]) row.get(4);
      return new Tuple2<>(row.getInt(0), encode(row.getLong(1), row.getLong(2), headers, value));
    };
  }

  private static byte[] encode(long offset, long timestamp, List<Row> headers, byte[] value) {
    Bytes out = new Bytes(128 + headers.size() * 48 + (value == null ? 0 : value.length));
    out.i64(offset).i64(timestamp).u16(headers.size());
    for (Row header : headers) {
      byte[] text = (byte[]) header.get(1);
      out.shortText(Bytes.utf8(header.getString(0))).shortText(text == null ? new byte[0] : text);
    }
    if (value == null) out.i32(-1);
    else out.bytes(value);
    return out.toByteArray();
  }

  static long offset(byte[] record) {
    return view(record).getLong(0);
  }

  static long timestamp(byte[] record) {
    return view(record).getLong(8);
  }

  /** The same record, left out by decision. */
  static byte[] skipped(byte[] record) {
    Bytes out = new Bytes(64).i64(offset(record)).i64(timestamp(record)).u16(1);
    out.shortText(Bytes.utf8("kind")).shortText(Bytes.utf8("skip"));
    return out.i32(-1).toByteArray();
  }

  /** Value of the header `kind`, "" without one. */
  static String kind(byte[] record) {
    ByteBuffer in = view(record).position(16);
    for (int left = in.getShort() & 0xffff; left > 0; left--) {
      String name = shortText(in);
      String value = shortText(in);
      if (name.equals("kind")) return value;
    }
    return "";
  }

  /** Users' code that settings name: `bundle` is "" for none. */
  record Code(long version, String bundle) {}

  /** The code that a settings record names; null for a record that is no such one. */
  static Code code(byte[] record) {
    ByteBuffer in = view(record).position(16);
    for (int left = in.getShort() & 0xffff; left > 0; left--) {
      shortText(in);
      shortText(in);
    }
    int length = in.getInt();
    if (length < 0) return null;
    try {
      JsonNode value = JSON.readTree(record, in.position(), length);
      if (value == null || !value.path("version").isIntegralNumber()
          || !value.path("content").isObject()) {
        return null;
      }
      String bundle = value.path("content").path("bundle").asText("");
      return BUNDLE.matcher(bundle).matches() ? new Code(value.path("version").asLong(), bundle) : null;
    } catch (JsonProcessingException notJson) {
      // The stage puts it into `rejected`.
      return null;
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static String shortText(ByteBuffer in) {
    byte[] bytes = new byte[in.getShort() & 0xffff];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static ByteBuffer view(byte[] record) {
    return ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
  }
}
