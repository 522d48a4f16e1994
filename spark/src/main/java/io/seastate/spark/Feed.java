package io.seastate.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Gives the records of one micro-batch of one partition to its runner, in messages of about 256 KiB,
 * and keeps what comes back: position, snapshot, tail. Decides when a snapshot is due.
 */
final class Feed {
  /** Arrays of half a region (1 MiB with a small heap) and more are dear for the collector. */
  private static final int MESSAGE_BYTES = 256 << 10;
  /** A record that ended its runner so often halts the query. */
  private static final int ATTEMPTS_MAX = 3;
  /** Skips are decided between runs of the job: read once. */
  private static final Map<String, Set<Long>> SKIPS = new ConcurrentHashMap<>();
  /** Partitions whose first task in this run has looked for the attempts of earlier ones. */
  private static final Set<String> LOOKED = ConcurrentHashMap.newKeySet();

  /** The state of the partition. */
  interface Store {
    Head head();

    void putHead(Head head);

    List<byte[]> chunks(int count);

    void putChunk(int index, byte[] chunk);

    List<byte[]> tail(int count);

    void putTail(int index, byte[] records);
  }

  private final Config config;
  private final Config.Stage stage;
  private final int partition;
  private final Store store;
  private final Counters counters;
  private final Runners.Slot slot;
  private final List<Row> outputs = new ArrayList<>();
  private Set<Long> skips;
  private Head head;
  private boolean due = false;
  /** What ended runners before; null: nothing, as nearly always. */
  private SnapshotFiles.Attempts before;
  /** The record, or the first of the message, that a runner has in hand; -1: none. */
  private long suspect = -1;

  Feed(Config config, Config.Stage stage, int partition, Store store, Counters counters) {
    this.config = config;
    this.stage = stage;
    this.partition = partition;
    this.store = store;
    this.counters = counters;
    this.slot = Runners.slot(config, stage, partition);
  }

  /** Records by offset; returns rows for the Kafka sink. */
  List<Row> take(List<byte[]> records) throws IOException {
    slot.lock();
    try {
      skips = readSkips();
      before = readAttempts();
      head = store.head();
      if (head == null) head = begin(LogRecords.offset(records.get(0)));
      else share();
      List<byte[]> message = new ArrayList<>();
      int bytes = 0;
      for (byte[] given : records) {
        // Starting offsets may lie before the snapshot that the state began with.
        if (LogRecords.offset(given) < head.position.next()) continue;
        byte[] record = skips.contains(LogRecords.offset(given)) ? LogRecords.skipped(given) : given;
        observe(LogRecords.timestamp(record));
        String kind = LogRecords.kind(record);
        LogRecords.Code code = kind.equals("settings") ? LogRecords.code(given) : null;
        if (code != null && !code.bundle().equals(head.bundle)) {
          send(message, true);
          message = new ArrayList<>();
          bytes = 0;
          // Settings that are not above those in force do not bring their code either.
          if (code.version() > settingsInForce()) {
            head.bundle = code.bundle();
            send(List.of(record), true);
            continue;
          }
        }
        message.add(record);
        bytes += record.length;
        // Which one ends runners is found by sending each alone.
        if (kind.equals("checkpoint") || bytes >= MESSAGE_BYTES || before != null) {
          send(message, kind.equals("checkpoint"));
          message = new ArrayList<>();
          bytes = 0;
        }
      }
      if (head.tailBytes + bytes > config.tailBytesMax) due = true;
      if (!message.isEmpty() || due) send(message, due);
      store.putHead(head);
      if (before != null && head.position.next() > before.offset()) files().setAttempts(null);
      return outputs;
    } catch (IOException | RuntimeException error) {
      // Its memory may be ahead of the store, or a frame unread.
      slot.drop();
      throw counted(error);
    } finally {
      slot.unlock();
    }
  }

  /** A restart of the job is worth one more attempt: the cause may have been mended. */
  private SnapshotFiles.Attempts readAttempts() throws IOException {
    if (config.snapshots == null) return null;
    boolean isFirst = LOOKED.add(config.checkpoint + "/" + stage.name + "/" + partition);
    if (!isFirst && TaskContext.get().attemptNumber() == 0) return null;
    SnapshotFiles.Attempts found = files().attempts();
    if (found == null || found.count() < ATTEMPTS_MAX || skips.contains(found.offset())) return found;
    if (TaskContext.get().attemptNumber() > 0) throw new IOException(halted(found));
    return new SnapshotFiles.Attempts(found.offset(), ATTEMPTS_MAX - 1, found.error());
  }

  /** Counts what ended the runner at a record; what is thrown then says when that was enough. */
  private IOException counted(Exception error) {
    IOException told =
        error instanceof IOException same ? same : new IOException(error.toString(), error);
    if (suspect < 0 || config.snapshots == null || TaskContext.get().isInterrupted()) return told;
    int count = before != null && before.offset() == suspect ? before.count() + 1 : 1;
    SnapshotFiles.Attempts now = new SnapshotFiles.Attempts(suspect, count, told.getMessage());
    try {
      files().setAttempts(now);
    } catch (IOException lost) {
      told.addSuppressed(lost);
    }
    return count < ATTEMPTS_MAX ? told : new IOException(halted(now), told);
  }

  private String halted(SnapshotFiles.Attempts attempts) {
    return "stage " + stage.name + ", partition " + partition + " halted: the record at offset "
        + attempts.offset() + " ended its runner " + ATTEMPTS_MAX + " times. Mend the cause and"
        + " restart, or leave the record out: seastate skip --stage " + stage.name + " --partition "
        + partition + " --offset " + attempts.offset() + ". " + attempts.error();
  }

  /** A partition without state: from the newest snapshot in the shared place, or from nothing. */
  private Head begin(long first) throws IOException {
    SnapshotFiles.Stored stored = config.snapshots == null ? null : files().newest();
    if (stored == null) return Head.start(Position.start(stage.epoch, first), "");
    Head begun = Head.start(stored.position(), stored.bundle());
    begun.chunks = stored.chunks().size();
    for (int i = 0; i < begun.chunks; i++) store.putChunk(i, stored.chunks().get(i));
    if (stored.position().next() < first) {
      throw new IOException("the snapshot is at " + stored.position() + ", but the first record"
          + " that came has offset " + first + ": start at the snapshot's offset");
    }
    return begun;
  }

  /** Version of the settings in force where the last snapshot was made. */
  private long settingsInForce() throws IOException {
    return SnapshotFiles.header(store.chunks(1)).path("settings").asLong();
  }

  /** A slot of log time has ended: a snapshot at the end of this micro-batch. */
  private void observe(long timestamp) {
    long shift = config.snapshotEveryMs * partition / stage.partitions;
    long now = Math.floorDiv(timestamp + shift, config.snapshotEveryMs);
    if (head.slot != Long.MIN_VALUE && now > head.slot) due = true;
    if (now > head.slot) head.slot = now;
  }

  private void send(List<byte[]> message, boolean wantSnapshot) throws IOException {
    RunnerProcess runner = slot.runner(config, stage, head.bundle);
    byte[] records = Messages.records(message);
    byte[] batch = Messages.batch(partition, head.position, wantSnapshot);
    Messages.Reply reply = call(runner, config.deadlineMs, batch, records);
    if (reply instanceof Messages.Need) {
      restore(runner);
      reply = call(runner, config.deadlineMs, batch, records);
    }
    if (!(reply instanceof Messages.Done done)) throw runner.end("it needs its state again", null);
    head.position = done.position();
    head.hello = runner.hello();
    counters.records.add(message.size());
    counters.recordBytes.add(records.length);
    for (Messages.Output output : done.outputs()) outputs.add(row(output));
    if (wantSnapshot) keep(done.chunks());
    else if (!message.isEmpty()) {
      store.putTail(head.tail++, records);
      head.tailBytes += records.length;
    }
  }

  private void keep(List<byte[]> chunks) throws IOException {
    long bytes = 0;
    for (int i = 0; i < chunks.size(); i++) {
      store.putChunk(i, chunks.get(i));
      bytes += chunks.get(i).length;
    }
    head.chunks = chunks.size();
    head.snapshot = head.position;
    head.tail = 0;
    head.tailBytes = 0;
    due = false;
    counters.snapshots.add(1);
    counters.snapshotBytes.add(bytes);
    head.shared = false;
  }

  /**
   * Writes the snapshot to the shared place, in the micro-batch after the one that made it: only
   * then are the outputs before it in their topics. Whoever goes on from there makes none of them.
   */
  private void share() throws IOException {
    if (head.shared || config.snapshots == null) return;
    files().write(head.snapshot, head.bundle, store.chunks(head.chunks), config.kept);
    head.shared = true;
  }

  private void restore(RunnerProcess runner) throws IOException {
    if (head.tail > 0 && !head.hello.equals(runner.hello())) {
      throw new IOException("the tail was made by " + head.hello + ", this runner is "
          + runner.hello() + ": another Node version or architecture takes over only at a snapshot."
          + " Run the old one once more and send a checkpoint");
    }
    List<byte[]> chunks = store.chunks(head.chunks);
    byte[] load = Messages.load(partition, head.snapshot, chunks, store.tail(head.tail));
    long deadlineMs = config.deadlineMs + load.length / 2_500;
    counters.loads.add(1);
    Messages.Reply reply = call(runner, deadlineMs, load);
    if (!(reply instanceof Messages.Done done) || !done.position().same(head.position)) {
      throw new IOException("running the tail again did not make what was emitted before (wanted "
          + head.position + "): the stage is not a function of its log. Nothing was written");
    }
  }

  private Messages.Reply call(RunnerProcess runner, long deadlineMs, byte[]... message)
      throws IOException {
    long begin = System.nanoTime();
    suspect = head.position.next();
    Messages.Reply reply = runner.call(deadlineMs, message);
    counters.messages.add(1);
    counters.runnerNanos.add(System.nanoTime() - begin);
    if (reply instanceof Messages.Failed failed) {
      JsonNode told = Config.JSON.readTree(failed.json());
      if (told.path("offset").asLong() >= 0) suspect = told.path("offset").asLong();
      throw runner.end(told.path("code").asText() + " at offset " + told.path("offset").asLong()
          + " of partition " + failed.partition() + ": " + told.path("message").asText()
          + "\nMend the cause, or leave the record out: seastate skip --stage " + stage.name
          + " --partition " + partition + " --offset " + told.path("offset").asLong(), null);
    }
    suspect = -1;
    return reply;
  }

  private Row row(Messages.Output output) {
    List<Row> headers = new ArrayList<>(output.names().length);
    for (int i = 0; i < output.names().length; i++) {
      headers.add(RowFactory.create(output.names()[i], output.values()[i]));
    }
    counters.outputs.add(1);
    String topic = stage.names.getOrDefault(output.topic(), output.topic());
    return RowFactory.create(
        topic, output.partition(), CollectionConverters.asScala(headers).toSeq(), output.value());
  }

  private SnapshotFiles files() throws IOException {
    return new SnapshotFiles(config.snapshots, stage.name, partition);
  }

  private Set<Long> readSkips() throws IOException {
    if (config.snapshots == null) return Set.of();
    String key = config.snapshots + "/" + stage.name + "/" + partition;
    Set<Long> known = SKIPS.get(key);
    if (known == null) SKIPS.put(key, known = files().skips());
    return known;
  }
}
