package io.seastate.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FsStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * Checks what needs no Spark: `Check protocol-vectors.json kept-vectors.json node`, with an empty
 * folder as `java.io.tmpdir`.
 */
public final class Check {
  private static final HexFormat HEX = HexFormat.of();

  private Check() {}

  public static void main(String[] args) throws Exception {
    vectors(args[0]);
    kept(args[1]);
    fullDisk();
    runners(args[2]);
    bundles(args[2]);
    check("4.0.3", Main.refusal("4.0.3").contains("this is Spark 4.0.3"));
    check("3.5.1", Main.refusal("3.5.1").contains("this is Spark 3.5.1"));
    check("4.2.0", Main.refusal("4.2.0") == null && Main.refusal("4.10.0-preview") == null);
    System.out.println("ok");
  }

  /** Which snapshots are kept, decided as the embedded runtime does. */
  private static void kept(String file) throws Exception {
    JsonNode vectors = Config.JSON.readTree(Files.readString(Path.of(file)));
    for (JsonNode name : vectors.path("names")) {
      Position position =
          new Position(name.path("epoch").asInt(), name.path("next").asLong(), new byte[32]);
      String made = SnapshotNames.name(position, name.path("time").asLong());
      check("name " + made, made.equals(name.path("name").asText()));
      check("is one: " + made, SnapshotNames.isSnapshot(made));
    }
    for (JsonNode vector : vectors.path("expired")) {
      Config.Kept kept = Config.JSON.treeToValue(vector.path("kept"), Config.Kept.class);
      List<String> left = new ArrayList<>();
      for (JsonNode name : vector.path("written")) {
        left.add(name.asText());
        left.removeAll(SnapshotNames.expired(left, kept));
      }
      check(vector.path("what").asText() + ": " + left,
          left.equals(Arrays.asList(Config.JSON.treeToValue(vector.path("left"), String[].class))));
    }
  }

  /** A file system that has room for some snapshots, and says so as the one of this machine does. */
  private static final class SmallDisk extends RawLocalFileSystem {
    private final Path folder;
    int room = Integer.MAX_VALUE;

    SmallDisk(Path folder) throws IOException {
      this.folder = folder;
      initialize(folder.toUri(), new Configuration());
    }

    List<Long> offsets() {
      String[] names = folder.toFile().list();
      return Stream.of(names).sorted().map(name -> Long.parseLong(name.split("-")[1])).toList();
    }

    @Override
    public FsStatus getStatus(org.apache.hadoop.fs.Path path) {
      int left = room - folder.toFile().list().length;
      return new FsStatus(room, room - left, left > 0 ? 1_000_000 : 0);
    }

    @Override
    public FSDataOutputStream create(org.apache.hadoop.fs.Path path, boolean overwrite)
        throws IOException {
      boolean isFull = folder.toFile().list().length >= room;
      return new FSDataOutputStream(super.create(path, overwrite), null) {
        @Override
        public void hsync() throws IOException {
          super.hsync();
          if (isFull) throw new IOException("no room");
        }
      };
    }
  }

  /** As in the embedded runtime's snapshots.test.ts. */
  private static void fullDisk() throws Exception {
    Path folder = Files.createTempDirectory("seastate-snapshots-");
    try {
      SmallDisk disk = new SmallDisk(folder);
      for (long next = 1; next <= 4; next++) write(disk, next);
      check("all are kept", disk.offsets().equals(List.of(1L, 2L, 3L, 4L)));
      disk.room = 4;
      write(disk, 5);
      check("those of hours went first: " + disk.offsets(),
          disk.offsets().equals(List.of(3L, 4L, 5L)));
      disk.room = 2;
      try {
        write(disk, 6);
        throw new AssertionError("there was no room for 6");
      } catch (IOException error) {
        check("the newest two stay, and no half: " + disk.offsets(),
            disk.offsets().equals(List.of(4L, 5L)));
      }
    } finally {
      for (java.io.File file : folder.toFile().listFiles()) file.delete();
      Files.delete(folder);
    }
  }

  private static void write(SmallDisk disk, long hour) throws IOException {
    byte[] header = Bytes.utf8("{\"time\":" + hour * 3_600_000 + "}");
    byte[] chunk = new Bytes(64).i32(header.length).raw(header).toByteArray();
    new SnapshotFiles(new org.apache.hadoop.fs.Path(disk.folder.toUri()), disk)
        .write(new Position(0, hour, new byte[32]), "", List.of(chunk), new Config.Kept(6, 7));
  }

  /** What a runner of no use says must reach the task's error. */
  private static void runners(String node) throws Exception {
    String other = saying("{protocol:9,node:'v24.9.0',stage:'s',bundle:''}");
    String old = saying("{protocol:1,node:'v20.1.0',stage:'s',bundle:''}");
    refused(node, "process.stderr.write('no such module'); process.exit(3)", "no such module");
    refused(node, "process.stderr.write('no such module'); process.exit(3)", "exit code 3");
    refused(node, "setTimeout(() => {}, 60000)", 3_000, "it did not answer within 3000 ms");
    refused(node, other, "it speaks protocol 9");
    refused(node, old, "Node 24.6 or later is needed");
  }

  /** A program for Node that says hello and waits. */
  private static String saying(String hello) {
    return "const m = Buffer.from(JSON.stringify(" + hello + ")); const f = Buffer.alloc(m.length + 9);"
        + "f.writeUInt32LE(m.length + 5, 0); f.writeUInt32LE(m.length, 5); m.copy(f, 9);"
        + "require('fs').writeSync(1, f); setTimeout(() => {}, 60000)";
  }

  /** A runner reads its bundle as it starts; nothing is left behind, whatever comes of it. */
  private static void bundles(String node) throws Exception {
    Path folder = Files.createTempDirectory("seastate-snapshots-");
    Path bundle = Files.createDirectory(folder.resolve("bundles")).resolve("ab.mjs");
    Files.writeString(bundle, "by new code");
    Config config = new Config();
    config.snapshots = folder.toUri().toString();
    String read = "const { bundle } = JSON.parse(process.argv.at(-1));"
        + "const code = require('fs').readFileSync(new URL(bundle.path), 'utf8');"
        + "if (code !== 'by new code') throw new Error(code);";
    String hello = "{protocol:1,node:'v24.9.0',stage:'s',bundle:bundle.sha256}";
    config.command = List.of(node, "-e", read + saying(hello));
    Config.Stage stage = new Config.Stage();
    stage.name = "s";
    Runners.Slot slot = new Runners.Slot();
    try {
      check("with its bundle", slot.runner(config, stage, "ab").usable());
      slot.drop();
      try {
        slot.runner(config, stage, "cd");
        throw new AssertionError("there is no bundle cd");
      } catch (IOException error) {
        check(error.getMessage(), error.getMessage().contains("put the file back"));
      }
    } finally {
      slot.drop();
      Files.delete(bundle);
      Files.delete(bundle.getParent());
      Files.delete(folder);
    }
    String[] left = new java.io.File(System.getProperty("java.io.tmpdir")).list();
    check("left behind: " + Arrays.toString(left), left.length == 0);
  }

  private static void refused(String node, String program, String wanted) {
    refused(node, program, 60_000, wanted);
  }

  private static void refused(String node, String program, long deadlineMs, String wanted) {
    try {
      new RunnerProcess(List.of(node, "-e", program), deadlineMs, "s", "");
    } catch (IOException error) {
      check(wanted + " in: " + error.getMessage(), error.getMessage().contains(wanted));
      return;
    }
    throw new AssertionError("a runner was taken that should say: " + wanted);
  }

  private static void vectors(String file) throws Exception {
    JsonNode vectors = Config.JSON.readTree(Files.readString(Path.of(file)));
    byte[] digest = new byte[32];
    for (int i = 0; i < 32; i++) digest[i] = (byte) i;
    Position position = new Position(3, (1L << 40) + 7, digest);
    byte[] batch = bytes(vectors, "batch");
    // type, partition, position, wantSnapshot
    byte[] records = Arrays.copyOfRange(batch, 1 + 4 + Position.BYTES + 1, batch.length);

    byte[] head = Messages.batch(5, position, true);
    same("batch", batch, new Bytes(batch.length).raw(head).raw(records).toByteArray());
    same("load", bytes(vectors, "load"),
        Messages.load(5, position, List.of(Bytes.utf8("chunk")), List.of(records)));
    Messages.Done done = (Messages.Done) Messages.read(bytes(vectors, "done"));
    check("done", done.partition() == 5 && done.position().same(position)
        && done.outputs().size() == 2 && done.chunks().size() == 2);
    Messages.Output first = done.outputs().get(0);
    check("output", first.topic().equals("alerts") && first.partition() == 0
        && Arrays.equals(first.names(), new String[] {"from", "number"})
        && Arrays.equals(first.values()[1], Bytes.utf8("0"))
        && Arrays.equals(first.value(), Bytes.utf8("{}")));
    check("mark", done.outputs().get(1).value() == null && done.outputs().get(1).partition() == 1);
    check("chunk", Arrays.equals(done.chunks().get(1), Bytes.utf8("bc")));
    check("need", ((Messages.Need) Messages.read(bytes(vectors, "need"))).partition() == 5);
    Messages.Hello hello = (Messages.Hello) Messages.read(bytes(vectors, "hello"));
    check("hello", Config.JSON.readTree(hello.json()).path("protocol").asInt() == 1);
    Messages.Failed failed = (Messages.Failed) Messages.read(bytes(vectors, "failed"));
    check("failed", Config.JSON.readTree(failed.json()).path("offset").asInt() == 12);

    byte[] record = Arrays.copyOfRange(records, 4, records.length);
    check("record", LogRecords.offset(record) == (1L << 40) + 7
        && LogRecords.timestamp(record) == 1_700_000_000_123L
        && LogRecords.kind(record).equals("samples"));
    byte[] skipped = LogRecords.skipped(record);
    check("skip", LogRecords.kind(skipped).equals("skip")
        && LogRecords.offset(skipped) == LogRecords.offset(record));
    // Spark's own murmur3 of the ints 12, 6, 2, 0 gives the partitions 0 to 3 of 4.
    check("keys", Arrays.equals(Keys.ofPartitions(4), new int[] {12, 6, 2, 0}));
  }

  private static byte[] bytes(JsonNode vectors, String name) {
    return HEX.parseHex(vectors.path(name).asText());
  }

  private static void same(String name, byte[] wanted, byte[] made) {
    if (Arrays.equals(wanted, made)) return;
    throw new AssertionError(name + ": " + HEX.formatHex(made) + ", wanted " + HEX.formatHex(wanted));
  }

  private static void check(String name, boolean holds) {
    if (!holds) throw new AssertionError("does not hold: " + name);
  }
}
