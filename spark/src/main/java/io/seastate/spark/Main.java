package io.seastate.spark;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryException;

/**
 * Runs the stages of one configuration: `Main CONFIG.json`, or the JSON text itself. Exit code 0
 * after `triggerMs: -1` when all was read, or after an orderly end; 1 when any query failed; 2 for
 * a configuration that cannot be used.
 */
public final class Main {
  /** The first line that the jar was tried on. */
  private static final int FIRST_MINOR = 1;
  private static volatile boolean ending = false;

  private Main() {}

  public static void main(String[] args) throws Exception {
    Config config;
    try {
      String given = args.length == 1 ? args[0] : "";
      config = Config.parse(given.startsWith("{") ? given : Files.readString(Path.of(given)));
    } catch (IOException | IllegalArgumentException error) {
      System.err.println("seastate-spark: the configuration cannot be used: " + error.getMessage());
      System.exit(2);
      return;
    }
    int code;
    try {
      code = run(config);
    } catch (IOException refused) {
      System.err.println("seastate-spark: " + refused.getMessage());
      code = 2;
    }
    Runners.closeAll();
    // Spark leaves threads behind that are no daemons.
    System.exit(code);
  }

  /** Why this jar does not run on that version of Spark; null where it does. */
  static String refusal(String version) {
    String[] parts = version.split("\\.");
    if (parts.length > 1 && parts[0].equals("4") && Integer.parseInt(parts[1]) >= FIRST_MINOR) return null;
    return "this is Spark " + version + ", and the jar is of the line 4." + FIRST_MINOR
        + " and later 4.x: run it on one of those, or use a jar of a release that names your line";
  }

  private static int run(Config config) throws Exception {
    SparkSession.Builder builder = SparkSession.builder().appName("seastate");
    SparkDefaults.apply(config).forEach(builder::config);
    SparkSession spark = builder.getOrCreate();
    String refusal = refusal(spark.version());
    if (refusal != null) {
      System.err.println("seastate-spark: " + refusal);
      spark.stop();
      return 2;
    }
    Map<String, Counters> counters = new LinkedHashMap<>();
    for (Config.Stage stage : config.stages) {
      counters.put(stage.name, new Counters(spark.sparkContext(), stage.name));
    }
    Progress progress = new Progress(counters);
    List<SparkSession> sessions = new ArrayList<>();
    for (int i = 0; i < config.stages.size(); i++) {
      SparkSession session = spark.newSession();
      session.streams().addListener(progress);
      sessions.add(session);
    }
    ObjectNode hello = Config.JSON.createObjectNode();
    hello.put("event", "started").put("spark", spark.version()).put("pid", ProcessHandle.current().pid());
    if (config.metricsPort >= 0) {
      hello.put("metricsPort", progress.serve(config.metricsHost, config.metricsPort));
    }
    Progress.say(hello);
    if (config.endWithStdin) endWithStdin();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> ending = true));
    boolean batch = config.triggerMs < 0;
    try {
      return batch ? oneByOne(config, sessions, counters) : together(config, sessions, counters);
    } finally {
      for (SparkSession session : sessions) {
        for (StreamingQuery query : session.streams().active()) query.stop();
      }
      spark.stop();
    }
  }

  /** Batch and backfill: a stage reads what the one before it has written. */
  private static int oneByOne(
      Config config, List<SparkSession> sessions, Map<String, Counters> counters)
      throws Exception {
    for (int i = 0; i < sessions.size(); i++) {
      Config.Stage stage = config.stages.get(i);
      StreamingQuery query =
          StageQuery.start(sessions.get(i), config, stage, counters.get(stage.name));
      while (query.isActive()) {
        if (ending) return 0;
        Thread.sleep(100);
      }
      if (query.exception().isDefined()) return failed(query);
      ended(query, counters.get(stage.name));
    }
    return 0;
  }

  private static int together(
      Config config, List<SparkSession> sessions, Map<String, Counters> counters)
      throws Exception {
    List<StreamingQuery> queries = new ArrayList<>();
    for (int i = 0; i < sessions.size(); i++) {
      Config.Stage stage = config.stages.get(i);
      SparkSession session = sessions.get(i);
      // One scheduler pool per query, so that none starves the others.
      session.sparkContext().setLocalProperty("spark.scheduler.pool", stage.name);
      queries.add(StageQuery.start(session, config, stage, counters.get(stage.name)));
    }
    while (!ending) {
      Thread.sleep(250);
      for (StreamingQuery query : queries) {
        if (!query.isActive()) return failed(query);
      }
    }
    return 0;
  }

  private static void ended(StreamingQuery query, Counters counters) {
    ObjectNode line = Config.JSON.createObjectNode();
    line.put("event", "ended").put("stage", query.name());
    line.set("counters", Config.JSON.valueToTree(counters.read()));
    Progress.say(line);
  }

  /** The end of one query ends the job: an operator that sees code 0 would not restart it. */
  private static int failed(StreamingQuery query) {
    ObjectNode line = Config.JSON.createObjectNode();
    line.put("event", "failed").put("stage", query.name());
    String message = "the query ended";
    if (query.exception().isDefined()) {
      StreamingQueryException error = query.exception().get();
      Throwable cause = error;
      while (cause.getCause() != null) cause = cause.getCause();
      message = error.getMessage() + "\n" + cause.getMessage();
    }
    line.put("message", message);
    Progress.say(line);
    System.err.println("seastate-spark: stage " + query.name() + " failed: " + message);
    return 1;
  }

  private static void endWithStdin() {
    Thread thread =
        new Thread(
            () -> {
              try {
                while (System.in.read() >= 0) continue;
              } catch (IOException gone) {
                // As good as its end.
              }
              ending = true;
            },
            "seastate-stdin");
    thread.setDaemon(true);
    thread.start();
  }
}
