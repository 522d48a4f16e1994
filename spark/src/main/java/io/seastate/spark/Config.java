package io.seastate.spark;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What `seastate spark` hands over, as one JSON text; spark/README.md describes the fields. */
final class Config implements Serializable {
  private static final long serialVersionUID = 1;

  /** host:port, by commas. */
  public String brokers;

  /** Further options of Kafka's clients, such as security.protocol. */
  public Map<String, String> kafka = Map.of();

  /** JSON file on the driver with more of them: a mounted secret. */
  public String kafkaFile;

  /** Folder (any Hadoop file system) of the queries' checkpoints. */
  public String checkpoint;

  /** Folder of snapshots, skips and bundles that both runtimes read; null: none. */
  public String snapshots;

  /** Milliseconds between micro-batches; 0: as fast as possible; -1: what is there, then end. */
  public long triggerMs = 500;

  /** Records with this timestamp (ms) or a later one are left out; for backfill. */
  public long untilMs = Long.MAX_VALUE;

  public long maxOffsetsPerTrigger = 0;
  public String metricsHost = "127.0.0.1";
  public int metricsPort = -1;
  public long snapshotEveryMs = 300_000;
  public Kept kept = new Kept();
  public long tailBytesMax = 64L << 20;
  public long deadlineMs = 60_000;

  /** Runners of one executor and stage. */
  public int runners = 1;

  /** How a runner is started; its setup follows as the last argument. */
  public List<String> command;

  /** Whether the end of standard input ends the job. */
  public boolean endWithStdin = false;

  public Map<String, String> spark = Map.of();
  public List<Stage> stages;

  /** How many hours and days of log time back the first snapshot of each is kept. */
  static final class Kept implements Serializable {
    private static final long serialVersionUID = 1;

    public int hourly = 6;
    public int daily = 7;

    Kept() {}

    Kept(int hourly, int daily) {
      this.hourly = hourly;
      this.daily = daily;
    }
  }

  static final class Stage implements Serializable {
    private static final long serialVersionUID = 1;

    public String name;

    /** Input topic, as the brokers name it. */
    public String topic;

    public int partitions;
    public int epoch = 0;

    /** Kafka source's `startingOffsets`; used only when the query has no checkpoint. */
    public String startingOffsets = "earliest";

    /** Partitions of the output topics, by our names. */
    public Map<String, Integer> targets = Map.of();

    /** Names at the brokers, by our names, where they differ. */
    public Map<String, String> names = Map.of();
  }

  static final ObjectMapper JSON =
      new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, true);

  static Config parse(String json) throws IOException {
    Config config = JSON.readValue(json, Config.class);
    if (config.kafkaFile != null) {
      Map<String, String> all = new HashMap<>(config.kafka);
      JSON.readTree(Path.of(config.kafkaFile).toFile())
          .fields()
          .forEachRemaining(option -> all.put(option.getKey(), option.getValue().asText()));
      config.kafka = all;
    }
    if (config.brokers == null) throw new IllegalArgumentException("brokers is missing");
    if (config.checkpoint == null) throw new IllegalArgumentException("checkpoint is missing");
    if (config.command == null || config.command.isEmpty()) {
      throw new IllegalArgumentException("command is missing");
    }
    if (config.stages == null || config.stages.isEmpty()) {
      throw new IllegalArgumentException("stages is missing");
    }
    for (Stage stage : config.stages) {
      if (stage.name == null || stage.topic == null || stage.partitions < 1) {
        throw new IllegalArgumentException("a stage needs name, topic and partitions");
      }
    }
    return config;
  }
}
