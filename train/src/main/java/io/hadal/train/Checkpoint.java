package io.hadal.train;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.kernels.StorageType;
import io.hadal.train.graph.Parameter;
import io.hadal.train.graph.ParameterSet;
import io.hadal.train.optimizer.AdamW;
import io.hadal.train.optimizer.AdamW.Moments;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * State of a run in one safetensors file: parameters, moments, expert tables, and in the metadata
 * the counters and the configuration. It is replaced as a whole or not at all.
 */
final class Checkpoint {
  private static final String FORMAT = "hadal-training-1";
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Checkpoint() {}

  /**
   * Counters of a run.
   *
   * @param step optimiser steps
   * @param tokens training tokens
   * @param epoch of the data
   * @param position in the epoch
   * @param seconds of work
   */
  record Counters(long step, long tokens, long epoch, long position, double seconds) {}

  /** Writes the file. */
  static void write(
      Path file,
      Counters counters,
      String config,
      ParameterSet parameters,
      AdamW optimizer,
      Map<Integer, int[]> tables) {
    SafetensorsWriter.Layout layout =
        SafetensorsWriter.layout()
            .metadata("format", FORMAT)
            .metadata("config", config)
            .metadata("step", Long.toString(counters.step()))
            .metadata("tokens", Long.toString(counters.tokens()))
            .metadata("epoch", Long.toString(counters.epoch()))
            .metadata("position", Long.toString(counters.position()))
            .metadata("seconds", Double.toString(counters.seconds()));
    Map<String, float[]> tensors = tensors(parameters, optimizer);
    tensors.forEach((name, values) -> layout.tensor(name, StorageType.F32, values.length));
    tables.forEach(
        (layer, table) -> layout.tensor("table." + layer, StorageType.I32, table.length));
    try (SafetensorsWriter writer = layout.create(file)) {
      tensors.forEach(writer::write);
      tables.forEach((layer, table) -> writer.write("table." + layer, table));
      writer.finish();
    }
  }

  private static Map<String, float[]> tensors(ParameterSet parameters, AdamW optimizer) {
    Map<String, float[]> tensors = new LinkedHashMap<>();
    for (Parameter p : parameters.all()) {
      tensors.put("value." + p.name(), p.value());
      Moments m = optimizer.moments().get(p.name());
      if (m != null) {
        tensors.put("first." + p.name(), m.first());
        if (m.second().length > 0) {
          tensors.put("second." + p.name(), m.second());
        }
        if (m.counts().length > 0) {
          tensors.put("counts." + p.name(), m.counts());
        }
      }
    }
    return tensors;
  }

  /** An opened checkpoint. */
  static final class Reader implements AutoCloseable {
    private final Path file;
    private final Safetensors store;

    /**
     * @throws FormatException when the file is no checkpoint
     */
    Reader(Path file) {
      this.file = file;
      this.store = Safetensors.open(file);
      if (!FORMAT.equals(store.metadata().get("format"))) {
        store.close();
        throw new FormatException(file.toString(), "is no checkpoint of a training run");
      }
    }

    /** The training configuration as JSON. */
    String config() {
      return text("config");
    }

    Counters counters() {
      try {
        return new Counters(
            Long.parseLong(text("step")),
            Long.parseLong(text("tokens")),
            Long.parseLong(text("epoch")),
            Long.parseLong(text("position")),
            Double.parseDouble(text("seconds")));
      } catch (NumberFormatException e) {
        throw new FormatException(file.toString(), "has a broken counter: " + e.getMessage(), e);
      }
    }

    private String text(String key) {
      String value = store.metadata().get(key);
      if (value == null) {
        throw new FormatException(file.toString(), "lacks the metadata " + key);
      }
      return value;
    }

    /** Experts of a hash-routed layer's token ids; null when the layer has no table. */
    int @Nullable [] table(int layer) {
      StoredTensor t = store.find("table." + layer);
      if (t == null || t.type() != StorageType.I32) {
        return null;
      }
      int[] out = new int[Math.toIntExact(t.elements())];
      MemorySegment.copy(t.data(), INT, 0, out, 0, out.length);
      return out;
    }

    /** Takes parameters and moments over. */
    void restore(ParameterSet parameters, AdamW optimizer) {
      tensors(parameters, optimizer)
          .forEach(
              (name, values) -> {
                StoredTensor t = store.find(name);
                if (t == null || t.type() != StorageType.F32 || t.elements() != values.length) {
                  throw new FormatException(
                      file.toString(), "does not fit the configuration: tensor " + name);
                }
                MemorySegment.copy(t.data(), FLOAT, 0, values, 0, values.length);
              });
    }

    @Override
    public void close() {
      store.close();
    }
  }
}
