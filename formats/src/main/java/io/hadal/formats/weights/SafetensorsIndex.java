package io.hadal.formats.weights;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeSet;

/**
 * A {@code model.safetensors.index.json}.
 *
 * @param weightMap shard file name by tensor name
 * @param totalSize bytes of all tensors as the index tells
 */
record SafetensorsIndex(String source, Map<String, String> weightMap, OptionalLong totalSize) {
  static final String FILE_NAME = "model.safetensors.index.json";

  private static final long MAX_BYTES = 64 << 20;

  /**
   * Reads an index.
   *
   * @throws FormatException when it breaks the format
   */
  static SafetensorsIndex read(Path file) {
    String source = file.toString();
    try {
      if (!Files.isRegularFile(file)) {
        throw new FormatException(source, "is not a regular file");
      }
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw new FormatException(
            source, size + " bytes of JSON, more than the limit of " + MAX_BYTES);
      }
      return parse(Files.readAllBytes(file), source);
    } catch (IOException e) {
      throw new FormatException(source, "cannot be read: " + e.getMessage(), e);
    }
  }

  static SafetensorsIndex parse(byte[] utf8, String source) {
    Map<String, String> weightMap = null;
    OptionalLong totalSize = OptionalLong.empty();
    boolean metadataSeen = false;
    try (HeaderJson json = new HeaderJson(utf8, source)) {
      json.beginObject("the index");
      for (String name = json.nextName(); name != null; name = json.nextName()) {
        switch (name) {
          case "weight_map" -> {
            if (weightMap != null) {
              throw new FormatException(source, "weight_map occurs twice");
            }
            weightMap = readWeightMap(json, source);
          }
          case "metadata" -> {
            if (metadataSeen) {
              throw new FormatException(source, "metadata occurs twice");
            }
            metadataSeen = true;
            totalSize = readTotalSize(json, source);
          }
          default -> json.skipValue();
        }
      }
      json.end();
    }
    if (weightMap == null || weightMap.isEmpty()) {
      throw new FormatException(source, "weight_map is missing or empty");
    }
    return new SafetensorsIndex(source, weightMap, totalSize);
  }

  /** Shard names, sorted. */
  TreeSet<String> shards() {
    return new TreeSet<>(weightMap.values());
  }

  private static Map<String, String> readWeightMap(HeaderJson json, String source) {
    Map<String, String> weightMap = new LinkedHashMap<>();
    // One String a shard instead of one a tensor.
    Map<String, String> shardNames = new HashMap<>();
    json.beginObject("weight_map");
    for (String tensor = json.nextName(); tensor != null; tensor = json.nextName()) {
      String shard = json.string("weight_map entry " + Quoted.of(tensor));
      shard = shardNames.computeIfAbsent(shard, name -> name);
      if (weightMap.putIfAbsent(tensor, shard) != null) {
        throw new FormatException(
            source, "weight_map lists tensor " + Quoted.of(tensor) + " twice");
      }
    }
    return weightMap;
  }

  private static OptionalLong readTotalSize(HeaderJson json, String source) {
    OptionalLong totalSize = OptionalLong.empty();
    json.beginObject("metadata");
    for (String key = json.nextName(); key != null; key = json.nextName()) {
      if (key.equals("total_size")) {
        long value = json.wholeNumber("metadata.total_size");
        if (value < 0) {
          throw new FormatException(source, "metadata.total_size is negative: " + value);
        }
        totalSize = OptionalLong.of(value);
      } else {
        json.skipValue();
      }
    }
    return totalSize;
  }
}
