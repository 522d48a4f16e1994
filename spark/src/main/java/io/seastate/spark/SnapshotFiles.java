package io.seastate.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The place of snapshots that both runtimes read (any Hadoop file system), in the embedded
 * runtime's format: STAGE/PARTITION/EPOCH-OFFSET-TIME.snapshot, skips.json beside them.
 */
final class SnapshotFiles {
  private static final int MAGIC = 0x53535331;

  private final Path folder;
  private final FileSystem files;

  /** How often the runner ended at a record, beside the snapshots as the embedded runtime has it. */
  record Attempts(long offset, int count, String error) {}

  record Stored(Position position, String bundle, List<byte[]> chunks) {}

  SnapshotFiles(String root, String stage, int partition) throws IOException {
    folder = new Path(root, stage + "/" + partition);
    FileSystem found = folder.getFileSystem(new Configuration());
    // A checksum file beside ours would not fit any more once the embedded runtime has replaced it.
    files = found instanceof LocalFileSystem local ? local.getRaw() : found;
  }

  SnapshotFiles(Path folder, FileSystem files) {
    this.folder = folder;
    this.files = files;
  }

  /** What the first chunk of a snapshot says of it. */
  static JsonNode header(List<byte[]> chunks) throws IOException {
    byte[] first = chunks.get(0);
    int length = ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).getInt();
    return Config.JSON.readTree(first, 4, length);
  }

  static void copy(String from, java.nio.file.Path to) throws IOException {
    Path path = new Path(from);
    try (InputStream in = path.getFileSystem(new Configuration()).open(path)) {
      Files.copy(in, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  Set<Long> skips() throws IOException {
    Path path = new Path(folder, "skips.json");
    Set<Long> skips = new HashSet<>();
    if (!files.exists(path)) return skips;
    try (InputStream in = files.open(path)) {
      JsonNode found = Config.JSON.readTree(in);
      found.fieldNames().forEachRemaining(offset -> skips.add(Long.parseLong(offset)));
    }
    return skips;
  }

  /** Null without any. */
  Attempts attempts() throws IOException {
    Path path = new Path(folder, "attempts.json");
    if (!files.exists(path)) return null;
    try (InputStream in = files.open(path)) {
      JsonNode found = Config.JSON.readTree(in);
      if (!found.isObject()) return null;
      return new Attempts(found.path("offset").asLong(), found.path("count").asInt(),
          found.path("error").asText());
    }
  }

  void setAttempts(Attempts attempts) throws IOException {
    replace("attempts.json", Config.JSON.writeValueAsBytes(attempts));
  }

  /**
   * Writes a snapshot, and takes away what is not to be kept beside it. Where there is no room for
   * it, the kept ones of hours and days go first: only the newest are needed.
   */
  void write(Position position, String bundle, List<byte[]> chunks, Config.Kept kept)
      throws IOException {
    Bytes out = new Bytes(1 << 20).i32(MAGIC);
    position.write(out);
    out.text("{}").text(bundle).i32(chunks.size());
    for (byte[] chunk : chunks) out.bytes(chunk);
    CRC32 crc = new CRC32();
    byte[] body = out.toByteArray();
    crc.update(body);
    String name = SnapshotNames.name(position, header(chunks).path("time").asLong());
    byte[] sum = new Bytes(4).i32((int) crc.getValue()).toByteArray();
    try {
      replace(name, body, sum);
    } catch (IOException | FSError error) {
      if (!isNoRoom(error, body.length) || dropExpired(new Config.Kept(0, 0)) == 0) throw error;
      replace(name, body, sum);
    }
    dropExpired(kept);
  }

  /** How many there were. */
  private int dropExpired(Config.Kept kept) throws IOException {
    List<String> names = SnapshotNames.expired(list().stream().map(Path::getName).toList(), kept);
    for (String name : names) files.delete(new Path(folder, name), false);
    return names.size();
  }

  /** What a full file system says is in the language of the machine; what room it has is not. */
  private boolean isNoRoom(Throwable error, long bytes) throws IOException {
    return files.getStatus(folder).getRemaining() < bytes || error.toString().contains("uota");
  }

  /** Aside, synced, renamed: whoever reads sees the old file or the new one. */
  private void replace(String name, byte[]... parts) throws IOException {
    Path aside = new Path(folder, name + ".tmp");
    try (FSDataOutputStream to = files.create(aside, true)) {
      for (byte[] part : parts) to.write(part);
      to.hsync();
    } catch (IOException | FSError error) {
      // What there is of it would take the room of others.
      files.delete(aside, false);
      throw error;
    }
    Path path = new Path(folder, name);
    if (files.rename(aside, path)) return;
    // Object stores and HDFS do not rename onto a file.
    files.delete(path, false);
    if (!files.rename(aside, path)) throw new IOException("could not rename " + aside);
  }

  /** The newest snapshot, null without one. */
  Stored newest() throws IOException {
    List<Path> all = list();
    return all.isEmpty() ? null : read(all.get(all.size() - 1));
  }

  private List<Path> list() throws IOException {
    List<Path> found = new ArrayList<>();
    if (!files.exists(folder)) return found;
    for (FileStatus status : files.listStatus(folder)) {
      if (SnapshotNames.isSnapshot(status.getPath().getName())) found.add(status.getPath());
    }
    found.sort((a, b) -> a.getName().compareTo(b.getName()));
    return found;
  }

  private Stored read(Path path) throws IOException {
    byte[] bytes;
    try (InputStream in = files.open(path)) {
      bytes = in.readAllBytes();
    }
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    CRC32 crc = new CRC32();
    crc.update(bytes, 0, Math.max(0, bytes.length - 4));
    if (bytes.length < 8 || in.getInt(bytes.length - 4) != (int) crc.getValue()
        || in.getInt() != MAGIC) {
      throw new IOException("snapshot " + path + " is broken (checksum): remove it, the one before"
          + " it is taken then");
    }
    Position position = Position.read(in);
    take(in);
    String bundle = new String(take(in), StandardCharsets.UTF_8);
    byte[][] chunks = new byte[in.getInt()][];
    for (int i = 0; i < chunks.length; i++) chunks[i] = take(in);
    return new Stored(position, bundle, Arrays.asList(chunks));
  }

  private static byte[] take(ByteBuffer in) {
    byte[] bytes = new byte[in.getInt()];
    in.get(bytes);
    return bytes;
  }
}
