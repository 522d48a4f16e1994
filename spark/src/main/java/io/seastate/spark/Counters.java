package io.seastate.spark;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.util.LongAccumulator;

/** What the tasks of a stage counted; a task that failed and ran again counts again. */
final class Counters implements Serializable {
  private static final long serialVersionUID = 1;

  final LongAccumulator records;
  final LongAccumulator recordBytes;
  final LongAccumulator outputs;
  final LongAccumulator messages;
  final LongAccumulator loads;
  final LongAccumulator snapshots;
  final LongAccumulator snapshotBytes;
  final LongAccumulator runnerNanos;

  Counters(SparkContext context, String stage) {
    records = context.longAccumulator("seastate " + stage + " records");
    recordBytes = context.longAccumulator("seastate " + stage + " record bytes");
    outputs = context.longAccumulator("seastate " + stage + " outputs");
    messages = context.longAccumulator("seastate " + stage + " messages");
    loads = context.longAccumulator("seastate " + stage + " loads");
    snapshots = context.longAccumulator("seastate " + stage + " snapshots");
    snapshotBytes = context.longAccumulator("seastate " + stage + " snapshot bytes");
    runnerNanos = context.longAccumulator("seastate " + stage + " runner ns");
  }

  Map<String, Long> read() {
    Map<String, Long> all = new LinkedHashMap<>();
    all.put("records", records.value());
    all.put("record_bytes", recordBytes.value());
    all.put("outputs", outputs.value());
    all.put("messages", messages.value());
    all.put("loads", loads.value());
    all.put("snapshots", snapshots.value());
    all.put("snapshot_bytes", snapshotBytes.value());
    all.put("runner_ms", runnerNanos.value() / 1_000_000);
    return all;
  }
}
