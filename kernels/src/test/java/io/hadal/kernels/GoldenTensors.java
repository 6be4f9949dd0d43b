package io.hadal.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Named tensors of a golden file; knows just enough of safetensors for our own files. */
final class GoldenTensors {
  private static final Pattern ENTRY =
      Pattern.compile(
          "\"([^\"]+)\"\\s*:\\s*\\{\\s*\"dtype\"\\s*:\\s*\"(\\w+)\"\\s*,\\s*\"shape\"\\s*:\\s*"
              + "\\[([^\\]]*)\\]\\s*,\\s*\"data_offsets\"\\s*:\\s*\\[\\s*(\\d+)\\s*,\\s*(\\d+)\\s*\\]");

  private record Entry(String type, int from, int to) {}

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final byte[] bytes;

  private GoldenTensors(byte[] file) {
    int header = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    String json = new String(file, 8, header, StandardCharsets.UTF_8);
    Matcher m = ENTRY.matcher(json);
    while (m.find()) {
      entries.put(
          m.group(1),
          new Entry(m.group(2), Integer.parseInt(m.group(4)), Integer.parseInt(m.group(5))));
    }
    bytes = Arrays.copyOfRange(file, 8 + header, file.length);
  }

  static GoldenTensors load(String resource) {
    try (InputStream in = GoldenTensors.class.getResourceAsStream(resource)) {
      return new GoldenTensors(Objects.requireNonNull(in).readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Set<String> names() {
    return entries.keySet();
  }

  private Entry entry(String name, String... types) {
    Entry e = Objects.requireNonNull(entries.get(name), name);
    if (!Arrays.asList(types).contains(e.type)) {
      throw new IllegalArgumentException(name + " is " + e.type);
    }
    return e;
  }

  byte[] u8(String name) {
    Entry e = entry(name, "U8");
    return Arrays.copyOfRange(bytes, e.from, e.to);
  }

  /** F32 or BF16 values. */
  float[] floats(String name) {
    Entry e = entry(name, "F32", "BF16");
    ByteBuffer b = ByteBuffer.wrap(bytes, e.from, e.to - e.from).order(ByteOrder.LITTLE_ENDIAN);
    boolean half = e.type.equals("BF16");
    float[] out = new float[(e.to - e.from) / (half ? 2 : 4)];
    for (int i = 0; i < out.length; i++) {
      out[i] = half ? Float.intBitsToFloat(b.getShort() << 16) : b.getFloat();
    }
    return out;
  }

  int[] ints(String name) {
    Entry e = entry(name, "I32");
    int[] out = new int[(e.to - e.from) / 4];
    ByteBuffer.wrap(bytes, e.from, e.to - e.from)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asIntBuffer()
        .get(out);
    return out;
  }
}
