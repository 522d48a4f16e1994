package io.seastate.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.DataInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.TaskContext;

/**
 * A runner: a child process that answers one frame by one frame. Whatever goes wrong in a call
 * ends it for good, because frames that were not read would answer the next call.
 */
final class RunnerProcess {
  private static final int FRAME_MAX = Integer.MAX_VALUE - 64;
  private static final int STDERR_TAIL = 4096;
  private static final ScheduledExecutorService WATCHDOG =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "seastate-watchdog");
            thread.setDaemon(true);
            return thread;
          });

  private final Process process;
  private final OutputStream in;
  private final DataInputStream out;
  private final StringBuilder stderr = new StringBuilder();
  private final Thread stderrReader;
  private final String hello;
  private volatile String killed = "";
  private boolean usable = true;

  RunnerProcess(List<String> command, long deadlineMs, String stage, String bundle)
      throws IOException {
    process = new ProcessBuilder(command).start();
    in = process.getOutputStream();
    out = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16));
    stderrReader = new Thread(this::readStderr, "seastate-runner-stderr");
    stderrReader.setDaemon(true);
    stderrReader.start();
    Messages.Reply reply = exchange(deadlineMs);
    if (!(reply instanceof Messages.Hello first)) throw end("it did not say hello", null);
    hello = first.json();
    checkHello(Config.JSON.readTree(hello), stage, bundle);
  }

  private void checkHello(JsonNode said, String stage, String bundle) throws IOException {
    if (said.path("protocol").asInt() != Messages.PROTOCOL) {
      throw end("it speaks protocol " + said.path("protocol") + ", the jar speaks "
          + Messages.PROTOCOL + ": use the jar and the runner of one release", null);
    }
    if (!said.path("stage").asText().equals(stage) || !said.path("bundle").asText().equals(bundle)) {
      throw end("it runs " + hello + ", wanted were stage " + stage + " and bundle '" + bundle
          + "'", null);
    }
    String[] version = said.path("node").asText("v0.0").substring(1).split("\\.");
    int major = Integer.parseInt(version[0]);
    if (major < 24 || (major == 24 && Integer.parseInt(version[1]) < 6)) {
      throw end("it runs on Node " + said.path("node").asText() + ": Node 24.6 or later is needed;"
          + " name one in runtime.spark.node", null);
    }
  }

  /** Node version, architecture, stage and bundle, as one text. */
  String hello() {
    return hello;
  }

  boolean usable() {
    return usable && process.isAlive();
  }

  /** Sends a message, given in parts, and waits for its reply. */
  Messages.Reply call(long deadlineMs, byte[]... parts) throws IOException {
    if (!usable) throw new IllegalStateException("a runner that failed is not used again");
    return exchange(deadlineMs, parts);
  }

  private Messages.Reply exchange(long deadlineMs, byte[]... parts) throws IOException {
    ScheduledFuture<?> watch = watch(deadlineMs);
    try {
      int bytes = 0;
      for (byte[] part : parts) bytes += part.length;
      if (bytes > 0) {
        in.write(new Bytes(4).i32(bytes).toByteArray());
        for (byte[] part : parts) in.write(part);
        in.flush();
      }
      int length = Integer.reverseBytes(out.readInt());
      if (length < 1 || length > FRAME_MAX) throw new IOException("a frame of " + length + " bytes");
      byte[] reply = new byte[length];
      out.readFully(reply);
      return Messages.read(reply);
    } catch (IOException | RuntimeException error) {
      throw end(error.getMessage() == null ? "it ended" : error.getMessage(), error);
    } finally {
      watch.cancel(false);
    }
  }

  /** Reads of a pipe cannot be interrupted: the watchdog ends the process instead. */
  private ScheduledFuture<?> watch(long deadlineMs) {
    TaskContext task = TaskContext.get();
    long deadline = System.nanoTime() + deadlineMs * 1_000_000;
    int[] interrupted = {0};
    Runnable look =
        () -> {
          if (System.nanoTime() > deadline) {
            kill("it did not answer within " + deadlineMs + " ms");
          } else if (task != null && task.isInterrupted() && ++interrupted[0] > 4) {
            kill("its task was interrupted");
          }
        };
    return WATCHDOG.scheduleAtFixedRate(look, 250, 250, TimeUnit.MILLISECONDS);
  }

  private void kill(String reason) {
    killed = reason;
    process.destroyForcibly();
  }

  /** Ends the process and says what is known of its end. */
  IOException end(String reason, Throwable cause) {
    usable = false;
    boolean exited = false;
    try {
      // What it wrote last is worth a moment, unless it hangs.
      exited = killed.isEmpty() && cause != null && process.waitFor(500, TimeUnit.MILLISECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    process.destroyForcibly();
    try {
      stderrReader.join(500);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    String code = exited ? " (exit code " + process.exitValue() + ")" : "";
    String text;
    synchronized (stderr) {
      text = stderr.toString().strip();
    }
    String why = killed.isEmpty() ? reason : killed;
    return new IOException(
        "runner " + process.pid() + ": " + why + code + (text.isEmpty() ? "" : "\n" + text), cause);
  }

  /** End-of-file on its standard input ends it in order; what is left after a second is killed. */
  void close() {
    usable = false;
    try {
      in.close();
      if (process.waitFor(1, TimeUnit.SECONDS)) return;
    } catch (IOException gone) {
      // It ended before.
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    process.destroyForcibly();
  }

  private void readStderr() {
    byte[] buffer = new byte[2048];
    try (InputStream from = process.getErrorStream()) {
      for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
        String text = new String(buffer, 0, count, StandardCharsets.UTF_8);
        System.err.print(text);
        synchronized (stderr) {
          stderr.append(text);
          if (stderr.length() > STDERR_TAIL) stderr.delete(0, stderr.length() - STDERR_TAIL);
        }
      }
    } catch (IOException closed) {
      // The process is gone.
    }
  }
}
