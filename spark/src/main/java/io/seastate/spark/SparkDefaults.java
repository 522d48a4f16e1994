package io.seastate.spark;

import java.util.LinkedHashMap;
import java.util.Map;

/** Settings of Spark that the bridge needs or that were measured to pay; the user's come last. */
final class SparkDefaults {
  private SparkDefaults() {}

  static Map<String, String> apply(Config config) {
    String store = "spark.sql.streaming.stateStore.";
    String rocks = store + "rocksdb.";
    Map<String, String> all = new LinkedHashMap<>();
    // transformWithState needs this store.
    all.put(store + "providerClass",
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider");
    all.put(rocks + "changelogCheckpointing.enabled", "true");
    all.put(rocks + "trackTotalNumberOfRows", "false");
    all.put(rocks + "boundedMemoryUsage", "true");
    all.put(rocks + "maxMemoryUsageMB", "256");
    all.put("spark.sql.streaming.noDataMicroBatches.enabled", "false");
    all.put("spark.scheduler.mode", "FAIR");
    all.put("spark.task.maxFailures", "4");
    // A second copy of a task would fight for the same runner.
    all.put("spark.speculation", "false");
    // Partitions stay with the executor where they first landed.
    all.put("spark.scheduler.minRegisteredResourcesRatio", "1.0");
    all.put("spark.sql.adaptive.enabled", "false");
    all.putAll(config.spark);
    return all;
  }
}
