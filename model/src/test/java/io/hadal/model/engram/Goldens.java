package io.hadal.model.engram;

import io.hadal.formats.Json;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import tools.jackson.databind.JsonNode;

/** The test resources. */
final class Goldens {
  private Goldens() {}

  static Path path(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(Goldens.class.getResource("/engram/" + name), name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static Safetensors model(String name) {
    return Safetensors.open(path(name + ".safetensors"));
  }

  static JsonNode release() {
    return Json.parse(read("/engram/release.json"), "release.json");
  }

  /** The tokenizer of both golden models. */
  static Tokenizer tinyTokenizer() {
    return Tokenizer.fromJson(read("/tokenizer/tiny_tokenizer.json"), "tiny");
  }

  /** The public DeepSeek-V3 tokenizer; its 128 000 base tokens are those of V4.1. */
  static Tokenizer v3Tokenizer() {
    try (InputStream in = open("/tokenizer/deepseek_v3_tokenizer.json.gz")) {
      return Tokenizer.fromJson(new GZIPInputStream(in).readAllBytes(), "V3");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static int[] ints(StoredTensor tensor) {
    int[] out = new int[Math.toIntExact(tensor.elements())];
    for (int i = 0; i < out.length; i++) {
      out[i] =
          tensor.type() == StorageType.I64
              ? Math.toIntExact(tensor.data().get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i))
              : tensor.data().get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
    }
    return out;
  }

  static long[] longs(StoredTensor tensor) {
    long[] out = new long[Math.toIntExact(tensor.elements())];
    for (int i = 0; i < out.length; i++) {
      out[i] = tensor.data().get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
    }
    return out;
  }

  static float[] floats(StoredTensor tensor) {
    float[] out = new float[Math.toIntExact(tensor.elements())];
    for (int i = 0; i < out.length; i++) {
      out[i] = tensor.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
    }
    return out;
  }

  static int[] ints(JsonNode array) {
    int[] out = new int[array.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = array.get(i).intValue();
    }
    return out;
  }

  static long[] longs(JsonNode array) {
    long[] out = new long[array.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = array.get(i).longValue();
    }
    return out;
  }

  private static byte[] read(String name) {
    try (InputStream in = open(name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream open(String name) {
    return Objects.requireNonNull(Goldens.class.getResourceAsStream(name), name);
  }
}
