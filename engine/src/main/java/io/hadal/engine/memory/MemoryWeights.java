package io.hadal.engine.memory;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** How far each predictor of a project memory is trusted; learnt with {@link MemoryFit}. */
public final class MemoryWeights {
  private static final String FORMAT = "hadal-memory-1";
  private static final long MAX_BYTES = 1 << 20;
  private static final float LARGEST = 100;

  private final float[] values;

  MemoryWeights(float[] values) {
    this.values = values;
  }

  /** The weights that come with Hadal. */
  public static MemoryWeights standard() {
    String name = "memory.json";
    try (InputStream in = MemoryWeights.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not on the class path");
      }
      return parse(Json.parse(in.readAllBytes(), name), name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads weights that {@link #toJson} has written.
   *
   * @throws FormatException when the file is no such thing
   */
  public static MemoryWeights read(Path file) throws IOException {
    return parse(Json.parse(file, MAX_BYTES), file.toString());
  }

  private static MemoryWeights parse(JsonNode node, String source) {
    JsonNode list = node.path("weights");
    if (!node.path("format").asString("").equals(FORMAT) || list.size() != Mixture.WEIGHTS) {
      throw new FormatException(
          source, "is not " + FORMAT + " with " + Mixture.WEIGHTS + " weights; fit them again");
    }
    float[] values = new float[Mixture.WEIGHTS];
    for (int i = 0; i < values.length; i++) {
      double v = list.get(i).asDouble(Double.NaN);
      if (!(Math.abs(v) <= LARGEST)) {
        throw new FormatException(source, "weights[" + i + "] = " + list.get(i));
      }
      values[i] = (float) v;
    }
    return new MemoryWeights(values);
  }

  /** The weights as JSON. */
  public ObjectNode toJson() {
    ObjectNode o = JsonNodeFactory.instance.objectNode().put("format", FORMAT);
    ArrayNode list = o.putArray("weights");
    for (float v : values) {
      list.add(Math.round(v * 1000) / 1000.0);
    }
    return o;
  }

  /** Weights that trust the model most, for learning from. */
  public static MemoryWeights start() {
    float[] values = new float[Mixture.WEIGHTS];
    for (int i = 0; i < values.length; i++) {
      values[i] = Mixture.startWeight(i);
    }
    return new MemoryWeights(values);
  }

  float get(int index) {
    return values[index];
  }
}
