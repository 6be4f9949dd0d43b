package io.hadal.formats.weights;

import io.hadal.kernels.StorageType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Writes a safetensors file. The same declarations and data give the same bytes; every tensor is
 * aligned to its element size because wide types come first.
 */
public final class SafetensorsWriter extends TensorWriter {

  private SafetensorsWriter(Path target, byte[] header, List<Region> regions, long fileBytes) {
    super(target, header, regions, fileBytes);
  }

  /** Starts the declaration of a file. */
  public static Layout layout() {
    return new Layout();
  }

  /** Tensors and metadata of a file to be. */
  public static final class Layout {
    private record Declared(String name, StorageType type, List<Long> shape, long bytes) {}

    private final Map<String, String> metadata = new TreeMap<>();
    private final Map<String, Declared> tensors = new LinkedHashMap<>();

    private Layout() {}

    /** Sets a {@code __metadata__} pair. */
    public Layout metadata(String key, String value) {
      metadata.put(key, value);
      return this;
    }

    /**
     * Declares a tensor.
     *
     * @param shape outermost dimension first
     * @throws IllegalArgumentException when the name is taken, the shape negative or too large, or
     *     the type unknown to safetensors
     */
    public Layout tensor(String name, StorageType type, long... shape) {
      if (!SafetensorsDtype.isStorable(type)) {
        throw new IllegalArgumentException("safetensors has no type " + type);
      }
      if (name.equals("__metadata__")) {
        throw new IllegalArgumentException("the name __metadata__ is reserved");
      }
      long elements = 1;
      for (long dimension : shape) {
        if (dimension < 0) {
          throw new IllegalArgumentException("negative shape " + Arrays.toString(shape));
        }
        elements = Math.multiplyExact(elements, dimension);
      }
      Declared tensor =
          new Declared(name, type, Arrays.stream(shape).boxed().toList(), type.bytes(elements));
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
    public SafetensorsWriter create(Path target) {
      List<Declared> order = new ArrayList<>(tensors.values());
      order.sort(Comparator.comparingInt((Declared d) -> d.type().blockBytes()).reversed());
      byte[] header = header(order);
      List<Region> regions = new ArrayList<>();
      long position = header.length;
      for (Declared tensor : order) {
        regions.add(new Region(tensor.name(), tensor.type(), position, tensor.bytes()));
        position = Math.addExact(position, tensor.bytes());
      }
      return new SafetensorsWriter(target, header, regions, position);
    }

    /** Length field and JSON, padded with spaces so that the data starts at a multiple of 8. */
    private byte[] header(List<Declared> order) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (JsonGenerator json =
          new JsonFactory().createGenerator(ObjectWriteContext.empty(), out)) {
        json.writeStartObject();
        if (!metadata.isEmpty()) {
          json.writeObjectPropertyStart("__metadata__");
          metadata.forEach(json::writeStringProperty);
          json.writeEndObject();
        }
        long offset = 0;
        for (Declared tensor : order) {
          json.writeObjectPropertyStart(tensor.name());
          json.writeStringProperty("dtype", tensor.type().name());
          json.writeArrayPropertyStart("shape");
          tensor.shape().forEach(json::writeNumber);
          json.writeEndArray();
          json.writeArrayPropertyStart("data_offsets");
          json.writeNumber(offset);
          json.writeNumber(offset + tensor.bytes());
          json.writeEndArray();
          json.writeEndObject();
          offset += tensor.bytes();
        }
        json.writeEndObject();
      }
      out.writeBytes(" ".repeat(-out.size() & 7).getBytes(StandardCharsets.US_ASCII));
      byte[] text = out.toByteArray();
      if (text.length > SafetensorsFile.MAX_HEADER_BYTES) {
        throw new IllegalArgumentException("the header of " + text.length + " bytes is too long");
      }
      byte[] header = new byte[8 + text.length];
      for (int i = 0; i < 8; i++) {
        header[i] = (byte) ((long) text.length >>> (8 * i));
      }
      System.arraycopy(text, 0, header, 8, text.length);
      return header;
    }
  }
}
