package io.seastate.spark;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamReader;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.OutputMode;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.TimeMode;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Tuple2;

/** The query of one stage: Kafka, one key per partition, the processor, Kafka. */
final class StageQuery {
  private StageQuery() {}

  static StreamingQuery start(
      SparkSession spark, Config config, Config.Stage stage, Counters counters)
      throws TimeoutException, IOException {
    Checkpoint.claim(config, stage);
    // The first run fixes the number of state partitions: one per partition of the topic.
    spark.conf().set("spark.sql.shuffle.partitions", stage.partitions);
    int[] keys = Keys.ofPartitions(stage.partitions);
    int count = stage.partitions;
    String topic = stage.topic;
    MapFunction<Tuple2<Integer, byte[]>, Integer> key =
        row -> {
          if (row._1() >= count) {
            throw new IllegalStateException("topic " + topic + " has a partition " + row._1()
                + ", the stage was set up for " + count + ": rekey, or mend the settings");
          }
          return keys[row._1()];
        };
    Dataset<Row> outputs =
        source(spark, config, stage)
            .map(LogRecords.encoder(), Encoders.tuple(Encoders.INT(), Encoders.BINARY()))
            .groupByKey(key, Encoders.INT())
            .transformWithState(
                new PartitionProcessor(config, stage, counters),
                TimeMode.None(),
                OutputMode.Append(),
                Encoders.row(outputSchema()));
    return sink(outputs, config, stage).start();
  }

  static Dataset<Row> source(SparkSession spark, Config config, Config.Stage stage) {
    DataStreamReader reader =
        spark
            .readStream()
            .format("kafka")
            .option("kafka.bootstrap.servers", config.brokers)
            .option("kafka.isolation.level", "read_committed")
            .option("subscribe", stage.topic)
            .option("startingOffsets", stage.startingOffsets)
            .option("includeHeaders", true)
            .option("failOnDataLoss", true);
    for (Map.Entry<String, String> option : config.kafka.entrySet()) {
      reader = reader.option("kafka." + option.getKey(), option.getValue());
    }
    if (config.maxOffsetsPerTrigger > 0) {
      reader = reader.option("maxOffsetsPerTrigger", config.maxOffsetsPerTrigger);
    }
    Dataset<Row> rows =
        reader
            .load()
            .selectExpr("partition", "offset", "unix_millis(timestamp) AS time", "headers", "value");
    return config.untilMs == Long.MAX_VALUE ? rows : rows.where("time < " + config.untilMs);
  }

  static DataStreamWriter<Row> sink(
      Dataset<Row> outputs, Config config, Config.Stage stage) {
    DataStreamWriter<Row> writer =
        outputs
            .writeStream()
            .format("kafka")
            .queryName(stage.name)
            .outputMode("append")
            .option("kafka.bootstrap.servers", config.brokers)
            // Numbered outputs need order within a partition: idempotence keeps it over retries.
            .option("kafka.enable.idempotence", "true")
            .option("kafka.acks", "all")
            .option("kafka.linger.ms", "0")
            .option("checkpointLocation", Checkpoint.place(config, stage));
    for (Map.Entry<String, String> option : config.kafka.entrySet()) {
      writer = writer.option("kafka." + option.getKey(), option.getValue());
    }
    if (config.triggerMs < 0) return writer.trigger(Trigger.AvailableNow());
    return writer.trigger(Trigger.ProcessingTime(config.triggerMs));
  }

  static StructType outputSchema() {
    StructType header =
        new StructType(
            new StructField[] {
              DataTypes.createStructField("key", DataTypes.StringType, false),
              DataTypes.createStructField("value", DataTypes.BinaryType, true)
            });
    return new StructType(
        new StructField[] {
          DataTypes.createStructField("topic", DataTypes.StringType, false),
          DataTypes.createStructField("partition", DataTypes.IntegerType, false),
          DataTypes.createStructField("headers", DataTypes.createArrayType(header, false), false),
          DataTypes.createStructField("value", DataTypes.BinaryType, true)
        });
  }
}
