package io.hadal.cli;

import io.hadal.formats.Json;
import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.kernels.StorageType;
import io.hadal.model.engram.EngramIndex;
import io.hadal.model.engram.EngramShape;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The tiny V4.1 checkpoint with Engram tables of the released row format and any size. The tables
 * are holes in a file: their values are 0, their rows are read like others.
 */
final class LargeEngramCheckpoint {
  private static final int HEADS = 8;
  private static final int WIDTH = 256;
  private static final int COLUMNS = 3 * HEADS;
  private static final int[] LAYERS = {1, 4};

  /** Codes and scales. */
  static final int ROW_BYTES = WIDTH + WIDTH / 32;

  private LargeEngramCheckpoint() {}

  /**
   * Writes it.
   *
   * @return bytes of both tables
   */
  static long write(Path folder, long tableBytes) throws IOException {
    ObjectNode config = (ObjectNode) Json.parse(EngramModel.FOLDER.resolve("config.json"), 1 << 20);
    ObjectNode text = (ObjectNode) config.path("text_config");
    int bucket = Math.toIntExact(tableBytes / ROW_BYTES / LAYERS.length / COLUMNS);
    List<EngramIndex> indexes =
        EngramShape.uniform(
                List.of(LAYERS[0], LAYERS[1]),
                4,
                HEADS,
                bucket,
                text.path("engram_compressed_vocab_size").intValue())
            .indexes(2, "test");
    text.put("engram_vocab_size", bucket)
        .put("engram_n_heads", HEADS)
        .put("engram_head_dim", WIDTH);
    ArrayNode rows = text.putArray("engram_num_embeddings");
    indexes.forEach(index -> rows.add(index.rowCount()));
    Files.writeString(folder.resolve("config.json"), config.toString());
    Files.copy(EngramModel.FOLDER.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    weights(folder.resolve("model.safetensors"));
    return tables(folder.resolve("tables.safetensors"), indexes);
  }

  private static void weights(Path file) throws IOException {
    SafetensorsWriter.Layout layout = SafetensorsWriter.layout();
    try (Safetensors old = Safetensors.open(EngramModel.FOLDER.resolve("model.safetensors"))) {
      List<String> names =
          old.names().stream().filter(n -> !n.matches(".*engram\\.(embed|wkv)\\..*")).toList();
      for (String name : names) {
        StoredTensor t = old.get(name);
        layout.tensor(name, t.type(), t.shape().stream().mapToLong(Long::longValue).toArray());
      }
      for (int layer : LAYERS) {
        layout.tensor(projection(layer), StorageType.F32, 5 * 128, COLUMNS * WIDTH);
      }
      try (SafetensorsWriter writer = layout.create(file)) {
        for (String name : names) {
          writer.write(name, old.get(name).data().toArray(ValueLayout.JAVA_BYTE));
        }
        Random random = new Random(5);
        float[] values = new float[5 * 128 * COLUMNS * WIDTH];
        for (int layer : LAYERS) {
          for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() - 0.5f;
          }
          writer.write(projection(layer), values);
        }
        writer.finish();
      }
    }
  }

  private static String projection(int layer) {
    return "layers." + layer + ".engram.wkv.weight";
  }

  private static long tables(Path file, List<EngramIndex> indexes) throws IOException {
    StringBuilder header = new StringBuilder("{");
    long end = 0;
    for (int i = 0; i < LAYERS.length; i++) {
      for (boolean codes : new boolean[] {true, false}) {
        long width = codes ? WIDTH : WIDTH / 32;
        long bytes = indexes.get(i).rowCount() * width;
        header
            .append(end == 0 ? "" : ",")
            .append("\"layers.")
            .append(LAYERS[i])
            .append(codes ? ".engram.embed.weight\"" : ".engram.embed.scale\"")
            .append(codes ? ":{\"dtype\":\"F8_E4M3\"" : ":{\"dtype\":\"F8_E8M0\"")
            .append(",\"shape\":[" + indexes.get(i).rowCount() + "," + width + "]")
            .append(",\"data_offsets\":[" + end + "," + (end + bytes) + "]}");
        end += bytes;
      }
    }
    byte[] json = header.append('}').toString().getBytes(StandardCharsets.US_ASCII);
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      ByteBuffer start = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
      channel.write(start.putLong(json.length).put(json).flip(), 0);
      channel.write(ByteBuffer.allocate(1), 8 + json.length + end - 1);
    }
    return end;
  }
}
