package io.seastate.spark;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.spark.SparkFiles;

/**
 * The runners of this executor, each bound to (stage, partition mod runners) for its life, so that
 * it keeps the states of its partitions. A slot has one runner per bundle: the newest one.
 */
final class Runners {
  private static final Map<String, Slot> SLOTS = new ConcurrentHashMap<>();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(Runners::closeAll, "seastate-runners-end"));
  }

  private static final long START_DEADLINE_MS = 60_000;

  private Runners() {}

  static final class Slot {
    private final ReentrantLock lock = new ReentrantLock(true);
    private RunnerProcess runner;
    private String bundle = "";

    /** The runner of the slot under `bundle`; the caller holds the slot. */
    RunnerProcess runner(Config config, Config.Stage stage, String wanted) throws IOException {
      if (runner != null && runner.usable() && bundle.equals(wanted)) return runner;
      drop();
      runner = start(config, stage, wanted);
      bundle = wanted;
      return runner;
    }

    void lock() {
      lock.lock();
    }

    void unlock() {
      lock.unlock();
    }

    /** Ends the runner: it is not used again. */
    void drop() {
      if (runner != null) runner.close();
      runner = null;
    }
  }

  static Slot slot(Config config, Config.Stage stage, int partition) {
    String key = config.checkpoint + "/" + stage.name + "/" + partition % config.runners;
    return SLOTS.computeIfAbsent(key, name -> new Slot());
  }

  private static RunnerProcess start(Config config, Config.Stage stage, String bundle)
      throws IOException {
    if (bundle.isEmpty()) return start(config, stage, bundle, null);
    Path code = Files.createTempFile("seastate-bundle-", ".mjs");
    try {
      fetch(config, bundle, code);
      return start(config, stage, bundle, code);
    } finally {
      // A runner that says hello has loaded it.
      Files.deleteIfExists(code);
    }
  }

  /** `code`: the file that holds the bundle; null without one. */
  private static RunnerProcess start(Config config, Config.Stage stage, String bundle, Path code)
      throws IOException {
    ObjectNode setup = Config.JSON.createObjectNode();
    setup.put("stage", stage.name).put("partitions", stage.partitions);
    setup.set("targets", Config.JSON.valueToTree(stage.targets));
    if (code != null) {
      setup.putObject("bundle").put("path", code.toUri().toString()).put("sha256", bundle);
    }
    List<String> command = new ArrayList<>();
    for (String word : config.command) command.add(resolve(word));
    command.add(setup.toString());
    // A cold start of Node on a busy machine takes longer than a batch.
    long deadlineMs = Math.max(config.deadlineMs, START_DEADLINE_MS);
    return new RunnerProcess(command, deadlineMs, stage.name, bundle);
  }

  /** `files:NAME` stands for a file that was shipped with the job (--files). */
  private static String resolve(String word) {
    return word.startsWith("files:") ? SparkFiles.get(word.substring(6)) : word;
  }

  private static void fetch(Config config, String bundle, Path to) throws IOException {
    if (config.snapshots == null) {
      throw new IOException("settings name the bundle " + bundle + ", but there is no snapshots"
          + " folder to take it from: set snapshots");
    }
    String place = config.snapshots + "/bundles/" + bundle + ".mjs";
    try {
      SnapshotFiles.copy(place, to);
    } catch (FileNotFoundException gone) {
      throw new IOException("the users' processors that the log names are not at " + place
          + ": put the file back; seastate spark run with the same processors writes it", gone);
    }
  }

  static void closeAll() {
    for (Slot slot : SLOTS.values()) slot.drop();
    SLOTS.clear();
  }
}
