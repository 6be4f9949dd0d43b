package io.hadal.formats.weights;

import io.hadal.formats.FormatException;
import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One safetensors file: 8 bytes header length, JSON header, tensor data without holes.
 *
 * @param segment all bytes of the file
 * @param tensors by name, in the order of their data
 * @param metadata the header's {@code __metadata__}
 */
record SafetensorsFile(
    Path path,
    MemorySegment segment,
    Map<String, StoredTensor> tensors,
    Map<String, String> metadata) {

  /** The format's own limit. */
  static final long MAX_HEADER_BYTES = 100_000_000;

  private static final int MAX_DIMENSIONS = 32;

  private record Entry(String name, StorageType type, List<Long> shape, long begin, long end) {}

  /**
   * Reads and checks the header.
   *
   * @throws FormatException when the file breaks the format or has a dtype that Hadal cannot read
   */
  static SafetensorsFile parse(MappedFile file) {
    String source = file.path().toString();
    long size = file.size();
    if (size < 8) {
      throw new FormatException(
          source, "truncated: " + size + " bytes, a safetensors file has at least 8");
    }
    long headerBytes = file.segment().get(LittleEndian.LONG, 0);
    if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES) {
      throw new FormatException(
          source,
          "header length "
              + Long.toUnsignedString(headerBytes)
              + " exceeds the limit of "
              + MAX_HEADER_BYTES
              + "; this is probably no safetensors file");
    }
    if (headerBytes > size - 8) {
      throw new FormatException(
          source,
          "truncated: the header has " + headerBytes + " bytes, the file only " + (size - 8));
    }
    byte[] header = file.segment().asSlice(8, headerBytes).toArray(ValueLayout.JAVA_BYTE);
    if (header.length == 0 || header[0] != '{') {
      throw new FormatException(source, "the header is not a JSON object");
    }
    List<Entry> entries = new ArrayList<>();
    Map<String, String> metadata = readHeader(header, source, entries);
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    MemorySegment data = file.segment().asSlice(8 + headerBytes);
    return new SafetensorsFile(
        file.path(), file.segment(), layOut(entries, data, source), metadata);
  }

  /** Where one of {@link #tensors} lies. */
  TensorLocation location(StoredTensor tensor) {
    MemorySegment data = tensor.data();
    return new TensorLocation(path, data.address() - segment.address(), data.byteSize());
  }

  private static Map<String, String> readHeader(byte[] header, String source, List<Entry> entries) {
    Map<String, String> metadata = null;
    Set<String> seen = new HashSet<>();
    try (HeaderJson json = new HeaderJson(header, source)) {
      json.beginObject("the header");
      for (String name = json.nextName(); name != null; name = json.nextName()) {
        if (!seen.add(name)) {
          throw new FormatException(source, "tensor " + Quoted.of(name) + " occurs twice");
        }
        if (name.equals("__metadata__")) {
          metadata = readMetadata(json, source);
        } else {
          entries.add(readEntry(json, name, source));
        }
      }
      json.end();
    }
    return metadata == null ? Map.of() : metadata;
  }

  private static Map<String, String> readMetadata(HeaderJson json, String source) {
    Map<String, String> metadata = new LinkedHashMap<>();
    json.beginObject("__metadata__");
    for (String key = json.nextName(); key != null; key = json.nextName()) {
      String value = json.string("__metadata__ value " + Quoted.of(key));
      if (metadata.putIfAbsent(key, value) != null) {
        throw new FormatException(source, "__metadata__ key " + Quoted.of(key) + " occurs twice");
      }
    }
    return Collections.unmodifiableMap(metadata);
  }

  private static Entry readEntry(HeaderJson json, String name, String source) {
    String tensor = "tensor " + Quoted.of(name);
    String dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    json.beginObject(tensor);
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      boolean repeated =
          switch (field) {
            case "dtype" -> dtype != null;
            case "shape" -> shape != null;
            case "data_offsets" -> offsets != null;
            default ->
                throw new FormatException(
                    source, tensor + ": unknown header field " + Quoted.of(field));
          };
      if (repeated) {
        throw new FormatException(source, tensor + ": " + field + " occurs twice");
      }
      switch (field) {
        case "dtype" -> dtype = json.string(tensor + ": dtype");
        case "shape" -> shape = json.integers(tensor + ": shape", MAX_DIMENSIONS);
        default -> offsets = json.integers(tensor + ": data_offsets", 2);
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
      throw new FormatException(source, tensor + ": " + missing + " is missing");
    }
    return checkedEntry(source, tensor, name, dtype, shape, offsets);
  }

  private static Entry checkedEntry(
      String source,
      String tensor,
      String name,
      String dtype,
      List<Long> shape,
      List<Long> offsets) {
    @Nullable StorageType type = SafetensorsDtype.parse(dtype);
    if (type == null) {
      throw new FormatException(
          source,
          tensor
              + " has dtype "
              + Quoted.of(dtype)
              + ", which cannot be read; known are "
              + SafetensorsDtype.names());
    }
    if (offsets.size() != 2 || offsets.get(0) < 0 || offsets.get(1) < offsets.get(0)) {
      throw new FormatException(
          source, tensor + ": data_offsets " + offsets + " are no ascending pair");
    }
    long bytes;
    try {
      long elements = 1;
      for (long dimension : shape) {
        if (dimension < 0) {
          throw new FormatException(source, tensor + ": shape " + shape + " is negative");
        }
        // A zero must not hide an overflow of the other dimensions.
        elements = Math.multiplyExact(elements, Math.max(dimension, 1));
      }
      bytes = shape.contains(0L) ? 0 : type.bytes(elements);
    } catch (ArithmeticException e) {
      throw new FormatException(source, tensor + ": shape " + shape + " overflows 64 bits", e);
    }
    if (bytes != offsets.get(1) - offsets.get(0)) {
      throw new FormatException(
          source,
          tensor
              + ": shape "
              + shape
              + " of "
              + type
              + " needs "
              + bytes
              + " bytes, data_offsets span "
              + (offsets.get(1) - offsets.get(0)));
    }
    return new Entry(name, type, shape, offsets.get(0), offsets.get(1));
  }

  /** Slices the data; tensors must fill it without overlap or hole. */
  private static Map<String, StoredTensor> layOut(
      List<Entry> entries, MemorySegment data, String source) {
    Map<String, StoredTensor> tensors = LinkedHashMap.newLinkedHashMap(entries.size());
    long position = 0;
    String previous = "the header";
    for (Entry entry : entries) {
      if (entry.begin() != position) {
        throw new FormatException(
            source,
            "tensor "
                + Quoted.of(entry.name())
                + " starts at data offset "
                + entry.begin()
                + (entry.begin() < position ? ", inside " : ", leaving a hole after ")
                + previous
                + " that ends at "
                + position);
      }
      if (entry.end() > data.byteSize()) {
        throw new FormatException(
            source,
            "truncated: tensor "
                + Quoted.of(entry.name())
                + " ends at data offset "
                + entry.end()
                + ", the file holds "
                + data.byteSize()
                + " data bytes; fetch the file again");
      }
      tensors.put(
          entry.name(),
          new StoredTensor(
              entry.name(),
              entry.type(),
              entry.shape(),
              data.asSlice(entry.begin(), entry.end() - entry.begin())));
      position = entry.end();
      previous = "tensor " + Quoted.of(entry.name());
    }
    if (position != data.byteSize()) {
      throw new FormatException(
          source,
          (data.byteSize() - position) + " bytes after the last tensor belong to no tensor");
    }
    return tensors;
  }
}
