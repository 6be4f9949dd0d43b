package io.hadal.formats.weights;

import io.hadal.kernels.StorageType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a GGUF file of version 3, little endian. The same declarations and data give the same
 * bytes; keys and tensors keep the order of their declaration.
 */
public final class GgufWriter extends TensorWriter {
  private static final int VERSION = 3;

  private GgufWriter(Path target, byte[] header, List<Region> regions, long fileBytes) {
    super(target, header, regions, fileBytes);
  }

  /** Starts the declaration of a file. */
  public static Layout layout() {
    return new Layout();
  }

  /** Tensors and metadata of a file to be. */
  public static final class Layout {
    private record Declared(String name, GgmlType type, List<Long> shape, long bytes) {}

    private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
    private final Map<String, Declared> tensors = new LinkedHashMap<>();
    private int alignment = GgufFile.DEFAULT_ALIGNMENT;

    private Layout() {}

    /**
     * Sets a key; a later value for the same key replaces the earlier one.
     *
     * @throws IllegalArgumentException for {@code general.alignment}, see {@link #alignment}
     */
    public Layout put(String key, GgufValue value) {
      if (key.equals(GgufFile.ALIGNMENT_KEY)) {
        throw new IllegalArgumentException("set the alignment with alignment()");
      }
      metadata.put(key, value);
      return this;
    }

    /**
     * Sets the alignment of the tensor data, 32 when not called.
     *
     * @param bytes a power of two, at least 8
     */
    public Layout alignment(int bytes) {
      if (bytes < 8 || Integer.bitCount(bytes) != 1) {
        throw new IllegalArgumentException(bytes + " is no power of two from 8 on");
      }
      alignment = bytes;
      metadata.put(GgufFile.ALIGNMENT_KEY, GgufValue.uint32(bytes));
      return this;
    }

    /**
     * Declares a tensor.
     *
     * @param shape outermost dimension first
     * @throws IllegalArgumentException when the name is taken, the shape negative or its rows fill
     *     no whole blocks, or the type unknown to GGUF
     */
    public Layout tensor(String name, StorageType type, long... shape) {
      GgmlType ggml = GgmlType.of(type);
      if (ggml == null) {
        throw new IllegalArgumentException("GGUF has no type " + type);
      }
      long rowBytes = type.bytes(shape.length == 0 ? 1 : shape[shape.length - 1]);
      long rows = 1;
      for (int i = 0; i < shape.length - 1; i++) {
        if (shape[i] < 0) {
          throw new IllegalArgumentException("negative dimension " + shape[i]);
        }
        rows = Math.multiplyExact(rows, shape[i]);
      }
      Declared tensor =
          new Declared(
              name,
              ggml,
              Arrays.stream(shape).boxed().toList(),
              Math.multiplyExact(rows, rowBytes));
      if (tensors.putIfAbsent(name, tensor) != null) {
        throw new IllegalArgumentException("tensor " + name + " is declared twice");
      }
      return this;
    }

    /**
     * Opens the file for writing.
     *
     * @throws io.hadal.formats.FormatException when it cannot be created
     */
    public GgufWriter create(Path target) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.writeBytes(GgufFile.MAGIC);
      put(out, VERSION, 4);
      put(out, tensors.size(), 8);
      put(out, metadata.size(), 8);
      metadata.forEach(
          (key, value) -> {
            putString(out, key);
            put(out, value.type().id(), 4);
            putValue(out, value);
          });
      long offset = 0;
      List<Long> offsets = new ArrayList<>();
      for (Declared tensor : tensors.values()) {
        putString(out, tensor.name());
        put(out, tensor.shape().size(), 4);
        for (long dimension : tensor.shape().reversed()) {
          put(out, dimension, 8);
        }
        put(out, tensor.type().id(), 4);
        put(out, offset, 8);
        offsets.add(offset);
        offset = align(Math.addExact(offset, tensor.bytes()));
      }
      long start = align(out.size());
      List<Region> regions = new ArrayList<>();
      int i = 0;
      for (Declared tensor : tensors.values()) {
        StorageType type = tensor.type().storage();
        if (type == null) {
          throw new IllegalStateException(tensor.type() + " has no layout");
        }
        regions.add(new Region(tensor.name(), type, start + offsets.get(i++), tensor.bytes()));
      }
      return new GgufWriter(target, out.toByteArray(), regions, start + offset);
    }

    private long align(long position) {
      return (position + alignment - 1) & -alignment;
    }

    private static void put(ByteArrayOutputStream out, long value, int bytes) {
      for (int i = 0; i < bytes; i++) {
        out.write((int) (value >>> (8 * i)));
      }
    }

    private static void putString(ByteArrayOutputStream out, String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      put(out, utf8.length, 8);
      out.writeBytes(utf8);
    }

    private static void putValue(ByteArrayOutputStream out, GgufValue value) {
      switch (value) {
        case GgufValue.Whole whole -> put(out, whole.value(), whole.type().bytes());
        case GgufValue.Real real ->
            put(
                out,
                real.type() == GgufValueType.FLOAT32
                    ? Float.floatToRawIntBits((float) real.value())
                    : Double.doubleToRawLongBits(real.value()),
                real.type().bytes());
        case GgufValue.Bool bool -> put(out, bool.value() ? 1 : 0, 1);
        case GgufValue.Text text -> putString(out, text.value());
        case GgufValue.Texts texts -> {
          putArrayStart(out, GgufValueType.STRING, texts.values().size());
          texts.values().forEach(text -> putString(out, text));
        }
        case GgufValue.Numbers numbers -> {
          putArrayStart(out, numbers.elementType(), numbers.size());
          out.writeBytes(numbers.bytes());
        }
        case GgufValue.Nested nested -> {
          putArrayStart(out, GgufValueType.ARRAY, nested.values().size());
          nested.values().forEach(inner -> putValue(out, inner));
        }
      }
    }

    private static void putArrayStart(ByteArrayOutputStream out, GgufValueType type, int count) {
      put(out, type.id(), 4);
      put(out, count, 8);
    }
  }
}
