package io.seastate.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Whose a query's checkpoint is: offsets and state in it mean nothing for another topic. */
final class Checkpoint {
  private Checkpoint() {}

  static String place(Config config, Config.Stage stage) {
    return config.checkpoint + "/" + stage.name;
  }

  /** Takes a fresh one; throws when it belongs to another topic, partition count or epoch. */
  static void claim(Config config, Config.Stage stage) throws IOException {
    Path path = new Path(place(config, stage), "seastate.json");
    FileSystem files = path.getFileSystem(new Configuration());
    ObjectNode ours = Config.JSON.createObjectNode();
    ours.put("topic", stage.topic).put("partitions", stage.partitions).put("epoch", stage.epoch);
    if (!files.exists(path)) {
      try (OutputStream to = files.create(path, true)) {
        to.write(Config.JSON.writeValueAsBytes(ours));
      }
      return;
    }
    try (InputStream in = files.open(path)) {
      JsonNode theirs = Config.JSON.readTree(in);
      if (ours.equals(theirs)) return;
      throw new IOException("the checkpoint " + place(config, stage) + " is of another job: "
          + theirs + ", asked for was " + ours + ". Name another place (seastate spark run"
          + " --checkpoint), where the job begins at the newest snapshots; a state comes to another"
          + " topic or partition count by seastate rekey");
    }
  }
}
