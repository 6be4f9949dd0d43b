package io.hadal.train;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.kernels.Bf16;
import io.hadal.kernels.StorageType;
import io.hadal.train.graph.Parameter;
import io.hadal.train.graph.ParameterSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Writes a model as a folder that {@link io.hadal.model.Model} loads. */
public final class ModelExport {
  private ModelExport() {}

  /**
   * Writes {@code config.json}, {@code model.safetensors} and, when given, {@code tokenizer.json}.
   *
   * @param tables experts of every token id of the hash-routed layers, {@code [vocab, active]}
   * @param matrices type of embeddings, matrices and tables, F32 or BF16; everything else is F32
   * @param tokenizer file to copy
   * @throws FormatException when the folder cannot be written
   */
  public static void write(
      ParameterSet parameters,
      Map<Integer, int[]> tables,
      JsonNode config,
      @Nullable Path tokenizer,
      StorageType matrices,
      Path folder) {
    if (matrices != StorageType.F32 && matrices != StorageType.BF16) {
      throw new IllegalArgumentException("weights are written as F32 or BF16, not " + matrices);
    }
    try {
      Files.createDirectories(folder);
      if (tokenizer != null) {
        AtomicFiles.write(folder.resolve("tokenizer.json"), Files.readAllBytes(tokenizer));
      }
      AtomicFiles.write(
          folder.resolve("config.json"),
          (config.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new FormatException(folder.toString(), "cannot be written: " + e, e);
    }
    SafetensorsWriter.Layout layout = SafetensorsWriter.layout().metadata("format", "pt");
    for (Parameter p : parameters.all()) {
      layout.tensor(p.name(), type(p, matrices), shape(p));
    }
    int vocab = config.path("vocab_size").asInt();
    tables.forEach(
        (layer, table) ->
            layout.tensor(tableName(layer), StorageType.I32, vocab, table.length / vocab));
    try (SafetensorsWriter writer = layout.create(folder.resolve("model.safetensors"))) {
      for (Parameter p : parameters.all()) {
        if (type(p, matrices) == StorageType.F32) {
          writer.write(p.name(), p.value());
        } else {
          writer.write(p.name(), bf16(p.value()));
        }
      }
      tables.forEach((layer, table) -> writer.write(tableName(layer), table));
      writer.finish();
    }
  }

  private static String tableName(int layer) {
    return "layers." + layer + ".ffn.gate.tid2eid";
  }

  private static StorageType type(Parameter p, StorageType matrices) {
    boolean exact =
        p.kind() == Parameter.Kind.VECTOR
            || p.kind() == Parameter.Kind.STATE
            || p.name().contains(".hc_");
    return exact ? StorageType.F32 : matrices;
  }

  private static long[] shape(Parameter p) {
    return p.shape().stream().mapToLong(Integer::longValue).toArray();
  }

  private static byte[] bf16(float[] values) {
    byte[] out = new byte[2 * values.length];
    for (int i = 0; i < values.length; i++) {
      int bits = Float.floatToRawIntBits(Bf16.round(values[i])) >>> 16;
      out[2 * i] = (byte) bits;
      out[2 * i + 1] = (byte) (bits >>> 8);
    }
    return out;
  }
}
