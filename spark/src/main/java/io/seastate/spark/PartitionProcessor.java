package io.seastate.spark;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.streaming.MapState;
import org.apache.spark.sql.streaming.OutputMode;
import org.apache.spark.sql.streaming.StatefulProcessor;
import org.apache.spark.sql.streaming.TTLConfig;
import org.apache.spark.sql.streaming.TimeMode;
import org.apache.spark.sql.streaming.TimerValues;
import scala.Tuple2;
import scala.jdk.javaapi.CollectionConverters;

/** Spark's side of one partition per key: the state in Spark's store, the work in a runner. */
final class PartitionProcessor extends StatefulProcessor<Integer, Tuple2<Integer, byte[]>, Row> {
  private static final long serialVersionUID = 1;
  /** Keys of the state: the head, and from these on every second one. */
  private static final int HEAD = 0;
  private static final int CHUNK = 1;
  private static final int TAIL = 2;

  private final Config config;
  private final Config.Stage stage;
  private final Counters counters;
  /** One variable, because each costs encoders in every task: the head, chunks, tail entries. */
  private transient MapState<Integer, byte[]> state;

  PartitionProcessor(Config config, Config.Stage stage, Counters counters) {
    this.config = config;
    this.stage = stage;
    this.counters = counters;
  }

  @Override
  public void init(OutputMode outputMode, TimeMode timeMode) {
    state = getHandle().getMapState("state", Encoders.INT(), Encoders.BINARY(), TTLConfig.NONE());
  }

  @Override
  public scala.collection.Iterator<Row> handleInputRows(
      Integer key, scala.collection.Iterator<Tuple2<Integer, byte[]>> rows, TimerValues timers) {
    int partition = -1;
    List<byte[]> records = new ArrayList<>();
    while (rows.hasNext()) {
      Tuple2<Integer, byte[]> row = rows.next();
      if (partition >= 0 && partition != row._1()) {
        throw new IllegalStateException("partitions " + partition + " and " + row._1() + " in one");
      }
      partition = row._1();
      records.add(row._2());
    }
    // Exactly one partition per task: the keys are chosen so.
    if (TaskContext.getPartitionId() != partition) {
      throw new IllegalStateException(
          "partition " + partition + " came to state partition " + TaskContext.getPartitionId()
              + ": the checkpoint is of a topic with another number of partitions");
    }
    records.sort(Comparator.comparingLong(LogRecords::offset));
    List<Row> outputs;
    try {
      outputs = new Feed(config, stage, partition, store(), counters).take(records);
    } catch (Exception error) {
      throw new RuntimeException(
          "stage " + stage.name + ", partition " + partition + ", from offset "
              + LogRecords.offset(records.get(0)) + ": " + error.getMessage(), error);
    }
    return CollectionConverters.asScala(outputs.iterator());
  }

  private Feed.Store store() {
    return new Feed.Store() {
      @Override
      public Head head() {
        return state.containsKey(HEAD) ? Head.read(state.getValue(HEAD)) : null;
      }

      @Override
      public void putHead(Head value) {
        state.updateValue(HEAD, value.write());
      }

      @Override
      public List<byte[]> chunks(int count) {
        return read(count, CHUNK);
      }

      /** Old entries beyond the count stay and are written over later: clearing costs more. */
      @Override
      public void putChunk(int index, byte[] chunk) {
        state.updateValue(CHUNK + 2 * index, chunk);
      }

      @Override
      public List<byte[]> tail(int count) {
        return read(count, TAIL);
      }

      @Override
      public void putTail(int index, byte[] records) {
        state.updateValue(TAIL + 2 * index, records);
      }
    };
  }

  private List<byte[]> read(int count, int first) {
    List<byte[]> parts = new ArrayList<>(count);
    for (int i = 0; i < count; i++) parts.add(state.getValue(first + 2 * i));
    return parts;
  }
}
