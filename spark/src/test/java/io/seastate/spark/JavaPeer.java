package io.seastate.spark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.MapState;
import org.apache.spark.sql.streaming.OutputMode;
import org.apache.spark.sql.streaming.StatefulProcessor;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.TTLConfig;
import org.apache.spark.sql.streaming.TimeMode;
import org.apache.spark.sql.streaming.TimerValues;
import org.xerial.snappy.Snappy;
import scala.Tuple2;
import scala.collection.immutable.Nil$;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The peer of the bench: an EWMA per series in plain Java, on the same records, source, keys, sink
 * and settings as the bridge, with arrays by slot as state. `JavaPeer CONFIG.json`.
 */
public final class JavaPeer {
  private JavaPeer() {}

  public static void main(String[] args) throws Exception {
    Config config = Config.parse(Files.readString(Path.of(args[0])));
    SparkSession.Builder builder = SparkSession.builder().appName("java-peer");
    SparkDefaults.apply(config).forEach(builder::config);
    SparkSession spark = builder.getOrCreate();
    Config.Stage stage = config.stages.get(0);
    Counters counters = new Counters(spark.sparkContext(), stage.name);
    spark.streams().addListener(new Progress(Map.of(stage.name, counters)));
    spark.conf().set("spark.sql.shuffle.partitions", stage.partitions);
    int[] keys = Keys.ofPartitions(stage.partitions);
    MapFunction<Tuple2<Integer, byte[]>, Integer> key = row -> keys[row._1()];
    MapFunction<Row, Tuple2<Integer, byte[]>> values =
        row -> {
          byte[] value = row.isNullAt(4) ? new byte[0] : (byte[]) row.get(4);
          Bytes out = new Bytes(value.length + 8).i64(row.getLong(1)).raw(value);
          return new Tuple2<>(row.getInt(0), out.toByteArray());
        };
    StreamingQuery query =
        StageQuery.sink(
                StageQuery.source(spark, config, stage)
                    .map(values, Encoders.tuple(Encoders.INT(), Encoders.BINARY()))
                    .groupByKey(key, Encoders.INT())
                    .transformWithState(
                        new Ewma(counters),
                        TimeMode.None(),
                        OutputMode.Append(),
                        Encoders.row(StageQuery.outputSchema())),
                config,
                stage)
            .start();
    // It ends with what is there to be read, or with its standard input.
    Thread stdin = new Thread(() -> drain(query), "stdin");
    stdin.setDaemon(true);
    stdin.start();
    query.awaitTermination();
    spark.stop();
    System.exit(0);
  }

  private static void drain(StreamingQuery query) {
    try {
      while (System.in.read() >= 0) continue;
      query.stop();
    } catch (Exception gone) {
      System.exit(1);
    }
  }

  static final class Ewma extends StatefulProcessor<Integer, Tuple2<Integer, byte[]>, Row> {
    private static final int CHUNK = 1 << 17;
    private final Counters counters;
    private transient MapState<Integer, byte[]> state;

    Ewma(Counters counters) {
      this.counters = counters;
    }

    @Override
    public void init(OutputMode outputMode, TimeMode timeMode) {
      state = getHandle().getMapState("state", Encoders.INT(), Encoders.BINARY(), TTLConfig.NONE());
    }

    @Override
    public scala.collection.Iterator<Row> handleInputRows(
        Integer key, scala.collection.Iterator<Tuple2<Integer, byte[]>> rows, TimerValues timers) {
      List<byte[]> records = new ArrayList<>();
      while (rows.hasNext()) records.add(rows.next()._2());
      records.sort(Comparator.comparingLong(JavaPeer::offset));
      // The states of a partition stay in the executor, as a runner's do.
      Table table = Table.of(key);
      List<Row> outputs = new ArrayList<>();
      try {
        for (byte[] record : records) {
          if (record.length > 8 && record[8] != '{') table.read(record, outputs);
          // As many outputs as the bridge has at least: a heartbeat ends ticks, which is told.
          else outputs.add(output("status"));
        }
      } catch (java.io.IOException error) {
        throw new IllegalStateException(error);
      }
      counters.records.add(records.size());
      save(table.bytes());
      return CollectionConverters.asScala(outputs.iterator());
    }

    private void save(byte[] bytes) {
      for (int at = 0, i = 0; at < bytes.length; at += CHUNK, i++) {
        state.updateValue(i, Arrays.copyOfRange(bytes, at, Math.min(at + CHUNK, bytes.length)));
      }
    }
  }

  private static Row output(String topic) {
    return RowFactory.create(topic, 0, Nil$.MODULE$, Bytes.utf8("{}"));
  }

  private static long offset(byte[] record) {
    return ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
  }

  /** Slots by label set, and mean and variance by slot. */
  static final class Table {
    private static final Map<Integer, Table> TABLES = new HashMap<>();
    private static final double ALPHA = 0.1;

    private final Map<String, Integer> symbols = new HashMap<>();
    private long[] hashes = new long[1 << 12];
    private int[] slots = new int[1 << 12];
    private int[][] labels = new int[1 << 10][];
    private double[] mean = new double[1 << 10];
    private double[] variance = new double[1 << 10];
    private int count = 0;

    static synchronized Table of(int key) {
      return TABLES.computeIfAbsent(key, k -> new Table());
    }

    void read(byte[] record, List<Row> outputs) throws java.io.IOException {
      byte[] bytes = Snappy.uncompress(Arrays.copyOfRange(record, 8, record.length));
      ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      int[] local = new int[64];
      int known = 0;
      while (in.hasRemaining()) {
        int tag = varint(in);
        int length = varint(in);
        int end = in.position() + length;
        if (tag == 0x22) {
          if (known == local.length) local = Arrays.copyOf(local, known * 2);
          String text = new String(bytes, in.position(), length, java.nio.charset.StandardCharsets.UTF_8);
          Integer id = symbols.get(text);
          if (id == null) symbols.put(text, id = symbols.size());
          local[known++] = id;
        } else if (tag == 0x2a) {
          series(in, end, local, outputs);
        }
        in.position(end);
      }
    }

    private void series(ByteBuffer in, int end, int[] local, List<Row> outputs) {
      int slot = -1;
      while (in.position() < end) {
        int tag = varint(in);
        int length = varint(in);
        int next = in.position() + length;
        if (tag == 0x0a) slot = slot(in, next, local);
        else if (tag == 0x12) sample(in, next, slot, outputs);
        in.position(next);
      }
    }

    private int slot(ByteBuffer in, int end, int[] local) {
      int[] ids = new int[32];
      int n = 0;
      long hash = 0;
      while (in.position() < end) {
        if (n == ids.length) ids = Arrays.copyOf(ids, n * 2);
        ids[n] = local[varint(in)];
        hash = (hash ^ ids[n++]) * 0x9e3779b97f4a7c15L;
        hash ^= hash >>> 29;
      }
      int mask = slots.length - 1;
      for (int at = (int) hash & mask; ; at = (at + 1) & mask) {
        if (slots[at] == 0) return add(at, hash, Arrays.copyOf(ids, n));
        if (hashes[at] == hash && Arrays.equals(labels[slots[at] - 1], 0,
            labels[slots[at] - 1].length, ids, 0, n)) {
          return slots[at] - 1;
        }
      }
    }

    private int add(int at, long hash, int[] ids) {
      int slot = count++;
      if (slot == labels.length) {
        labels = Arrays.copyOf(labels, slot * 2);
        mean = Arrays.copyOf(mean, slot * 2);
        variance = Arrays.copyOf(variance, slot * 2);
      }
      labels[slot] = ids;
      hashes[at] = hash;
      slots[at] = slot + 1;
      if (count * 2 > slots.length) rehash();
      return slot;
    }

    private void rehash() {
      long[] oldHashes = hashes;
      int[] oldSlots = slots;
      hashes = new long[oldHashes.length * 2];
      slots = new int[oldSlots.length * 2];
      int mask = slots.length - 1;
      for (int i = 0; i < oldSlots.length; i++) {
        if (oldSlots[i] == 0) continue;
        int at = (int) oldHashes[i] & mask;
        while (slots[at] != 0) at = (at + 1) & mask;
        slots[at] = oldSlots[i];
        hashes[at] = oldHashes[i];
      }
    }

    private void sample(ByteBuffer in, int end, int slot, List<Row> outputs) {
      double value = 0;
      while (in.position() < end) {
        int tag = varint(in);
        if (tag == 0x09) value = in.getDouble();
        else skipVarint(in);
      }
      // The echo of the bench: one output for a record that asks for it.
      if (value < 0) outputs.add(output("events"));
      double delta = value - mean[slot];
      if (delta * delta > 16 * variance[slot] && variance[slot] > 0 && delta > 1e12) {
        outputs.add(output("anomalies"));
      }
      mean[slot] += ALPHA * delta;
      variance[slot] = (1 - ALPHA) * (variance[slot] + ALPHA * delta * delta);
    }

    byte[] bytes() {
      ByteBuffer out = ByteBuffer.allocate(count * 16).order(ByteOrder.LITTLE_ENDIAN);
      for (int slot = 0; slot < count; slot++) out.putDouble(mean[slot]).putDouble(variance[slot]);
      return out.array();
    }

    private static int varint(ByteBuffer in) {
      int value = 0;
      for (int shift = 0; ; shift += 7) {
        byte next = in.get();
        value |= (next & 127) << shift;
        if (next >= 0) return value;
      }
    }

    private static void skipVarint(ByteBuffer in) {
      while (in.get() < 0) continue;
    }
  }
}
