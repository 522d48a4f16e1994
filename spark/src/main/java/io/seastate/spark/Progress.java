package io.seastate.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.sql.streaming.SourceProgress;
import org.apache.spark.sql.streaming.StateOperatorProgress;
import org.apache.spark.sql.streaming.StreamingQueryListener;
import org.apache.spark.sql.streaming.StreamingQueryProgress;

/**
 * Progress of the queries: a JSON line each on standard output, and Prometheus metrics with the lag
 * of every partition, because Spark commits no offsets that lag monitors could see.
 */
final class Progress extends StreamingQueryListener {
  private final Map<String, Counters> counters;
  private final Map<String, StreamingQueryProgress> newest = new ConcurrentHashMap<>();

  Progress(Map<String, Counters> counters) {
    this.counters = counters;
  }

  @Override
  public void onQueryStarted(QueryStartedEvent event) {}

  @Override
  public void onQueryProgress(QueryProgressEvent event) {
    StreamingQueryProgress progress = event.progress();
    newest.put(progress.name(), progress);
    ObjectNode line = Config.JSON.createObjectNode();
    line.put("event", "progress").put("stage", progress.name()).put("batch", progress.batchId());
    line.put("rows", progress.numInputRows());
    line.set("ms", Config.JSON.valueToTree(progress.durationMs()));
    line.set("counters", Config.JSON.valueToTree(counters.get(progress.name()).read()));
    say(line);
  }

  @Override
  public void onQueryTerminated(QueryTerminatedEvent event) {}

  static synchronized void say(ObjectNode line) {
    System.out.println(line);
    System.out.flush();
  }

  /** Serves /metrics on 127.0.0.1; port 0 takes a free one. Returns the port. */
  int serve(String host, int port) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(host, port), 16);
    server.createContext(
        "/metrics",
        exchange -> {
          byte[] body = text().getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return server.getAddress().getPort();
  }

  String text() {
    StringBuilder out = new StringBuilder();
    counters.forEach(
        (stage, counter) ->
            counter.read().forEach((name, value) ->
                sample(out, "spark_" + name + "_total", "stage=\"" + stage + "\"", value)));
    newest.forEach((stage, progress) -> addProgress(out, stage, progress));
    return out.toString();
  }

  private static void addProgress(StringBuilder out, String stage, StreamingQueryProgress progress) {
    String label = "stage=\"" + stage + "\"";
    sample(out, "spark_batch_number", label, progress.batchId());
    progress.durationMs().forEach((step, ms) ->
        sample(out, "spark_batch_ms", label + ",step=\"" + step + "\"", ms));
    for (StateOperatorProgress state : progress.stateOperators()) {
      sample(out, "spark_state_memory_bytes", label, state.memoryUsedBytes());
      sample(out, "spark_state_commit_ms", label, state.commitTimeMs());
    }
    for (SourceProgress source : progress.sources()) {
      try {
        addLag(out, label, source);
      } catch (IOException notJson) {
        throw new IllegalStateException(notJson);
      }
    }
  }

  private static void addLag(StringBuilder out, String label, SourceProgress source)
      throws IOException {
    if (source.endOffset() == null || source.latestOffset() == null) return;
    JsonNode done = Config.JSON.readTree(source.endOffset());
    JsonNode latest = Config.JSON.readTree(source.latestOffset());
    latest.fields().forEachRemaining(topic ->
        topic.getValue().fields().forEachRemaining(partition -> {
          long at = done.path(topic.getKey()).path(partition.getKey()).asLong();
          String labels = label + ",topic=\"" + topic.getKey() + "\",partition=\""
              + partition.getKey() + "\"";
          sample(out, "spark_next_offset", labels, at);
          sample(out, "spark_lag_records", labels, partition.getValue().asLong() - at);
        }));
  }

  private static void sample(StringBuilder out, String name, String labels, long value) {
    out.append("seastate_").append(name).append('{').append(labels).append("} ").append(value)
        .append('\n');
  }
}
