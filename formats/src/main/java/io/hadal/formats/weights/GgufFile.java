package io.hadal.formats.weights;

import io.hadal.formats.FormatException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One GGUF file: magic, version, counts, key-value pairs, tensor list, padding, tensor data.
 *
 * @param data the data section
 * @param dataOffset where it starts in the file
 * @param infos tensor list in file order
 */
record GgufFile(
    Path path,
    GgufMetadata metadata,
    List<GgufTensorInfo> infos,
    MemorySegment data,
    long dataOffset) {
  static final byte[] MAGIC = {'G', 'G', 'U', 'F'};
  static final String ALIGNMENT_KEY = "general.alignment";
  static final int DEFAULT_ALIGNMENT = 32;

  private static final int MAX_KEYS = 65_536;
  private static final int MAX_TENSORS = 1 << 20;
  private static final int MAX_DIMENSIONS = 8;
  private static final int MAX_DEPTH = 8;
  private static final int MAX_NESTED_ARRAYS = 1 << 20;
  private static final long MAX_ALIGNMENT = 1 << 20;

  /** Key length, type and a one-byte value. */
  private static final int MIN_KEY_BYTES = 8 + 4 + 1;

  /** Name length, dimension count, type and offset. */
  private static final int MIN_TENSOR_BYTES = 8 + 4 + 4 + 8;

  /** Element type and count. */
  private static final int MIN_ARRAY_BYTES = 4 + 8;

  /**
   * Reads and checks everything before the data.
   *
   * @throws FormatException when the file breaks the format
   */
  static GgufFile parse(MappedFile file) {
    return new Parser(file).parse();
  }

  private static final class Parser {
    private final MappedFile file;
    private final String source;
    private final GgufCursor cursor;
    private int nestedArrays;

    Parser(MappedFile file) {
      this.file = file;
      this.source = file.path().toString();
      this.cursor = new GgufCursor(file.segment(), source);
    }

    GgufFile parse() {
      if (!Arrays.equals(cursor.bytes(MAGIC.length, "the magic number"), MAGIC)) {
        throw new FormatException(source, "does not start with 'GGUF', so it is no GGUF file");
      }
      checkVersion(cursor.int32("the version"));
      // Checked again against the bytes left once the keys are read.
      int tensorCount = cursor.count(MIN_TENSOR_BYTES, MAX_TENSORS, "the tensor count");
      int keyCount = cursor.count(MIN_KEY_BYTES, MAX_KEYS, "the key count");
      GgufMetadata metadata = new GgufMetadata(source, readKeys(keyCount));
      long alignment = alignment(metadata);
      List<GgufTensorInfo> infos = readInfos(tensorCount, alignment);
      long start = (cursor.position() + alignment - 1) & -alignment;
      MemorySegment data = file.segment().asSlice(Math.min(start, file.size()));
      checkExtents(infos, data.byteSize());
      return new GgufFile(file.path(), metadata, infos, data, start);
    }

    private void checkVersion(int version) {
      if (version == 2 || version == 3) {
        return;
      }
      int swapped = Integer.reverseBytes(version);
      if (swapped >= 1 && swapped <= 0xffff) {
        throw new FormatException(
            source, "is a big-endian GGUF file; only little-endian ones can be read, convert it");
      }
      throw new FormatException(
          source,
          "GGUF version "
              + Integer.toUnsignedString(version)
              + " cannot be read, only 2 and 3; convert the file again");
    }

    private Map<String, GgufValue> readKeys(int count) {
      Map<String, GgufValue> values = LinkedHashMap.newLinkedHashMap(count);
      for (int i = 0; i < count; i++) {
        String key = cursor.name("a key");
        String what = "value of key " + Quoted.of(key);
        GgufValue value = readValue(readType(what), what, 0);
        if (values.putIfAbsent(key, value) != null) {
          throw new FormatException(source, "key " + Quoted.of(key) + " occurs twice");
        }
      }
      return values;
    }

    private GgufValueType readType(String what) {
      int id = cursor.int32("type of " + what);
      GgufValueType type = GgufValueType.of(id);
      if (type == null) {
        throw new FormatException(
            source, what + " has the unknown type " + Integer.toUnsignedString(id));
      }
      return type;
    }

    private GgufValue readValue(GgufValueType type, String what, int depth) {
      return switch (type) {
        case UINT8 -> new GgufValue.Whole(type, cursor.int8(what) & 0xff);
        case INT8 -> new GgufValue.Whole(type, cursor.int8(what));
        case UINT16 -> new GgufValue.Whole(type, cursor.int16(what) & 0xffff);
        case INT16 -> new GgufValue.Whole(type, cursor.int16(what));
        case UINT32 -> new GgufValue.Whole(type, cursor.int32(what) & 0xffff_ffffL);
        case INT32 -> new GgufValue.Whole(type, cursor.int32(what));
        case UINT64, INT64 -> new GgufValue.Whole(type, cursor.int64(what));
        case FLOAT32 -> new GgufValue.Real(type, Float.intBitsToFloat(cursor.int32(what)));
        case FLOAT64 -> new GgufValue.Real(type, Double.longBitsToDouble(cursor.int64(what)));
        case BOOL -> {
          int value = cursor.int8(what);
          requireBool(value, what);
          yield new GgufValue.Bool(value == 1);
        }
        case STRING -> new GgufValue.Text(cursor.string(what));
        case ARRAY -> readArray(what, depth + 1);
      };
    }

    private GgufValue readArray(String what, int depth) {
      if (depth > MAX_DEPTH) {
        throw new FormatException(
            source, what + " nests arrays deeper than " + MAX_DEPTH + " levels");
      }
      GgufValueType type = readType("elements in " + what);
      int minBytes =
          switch (type) {
            case STRING -> Long.BYTES;
            case ARRAY -> MIN_ARRAY_BYTES;
            default -> type.bytes();
          };
      int count = cursor.count(minBytes, GgufCursor.MAX_HEADER_BYTES, "array length in " + what);
      return switch (type) {
        case STRING -> new GgufValue.Texts(cursor.strings(count, what));
        case ARRAY -> readNested(count, what, depth);
        default -> {
          byte[] bytes = cursor.bytes(count * type.bytes(), what);
          if (type == GgufValueType.BOOL) {
            for (byte value : bytes) {
              requireBool(value, what);
            }
          }
          yield new GgufValue.Numbers(type, bytes);
        }
      };
    }

    private GgufValue readNested(int count, String what, int depth) {
      nestedArrays += count;
      if (nestedArrays > MAX_NESTED_ARRAYS) {
        throw new FormatException(
            source, what + " holds more than " + MAX_NESTED_ARRAYS + " nested arrays");
      }
      List<GgufValue> values = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        values.add(readArray(what, depth + 1));
      }
      return new GgufValue.Nested(values);
    }

    private void requireBool(int value, String what) {
      if (value != 0 && value != 1) {
        throw new FormatException(source, what + " is a bool with the byte " + (value & 0xff));
      }
    }

    private long alignment(GgufMetadata metadata) {
      long alignment = metadata.getLong(ALIGNMENT_KEY, DEFAULT_ALIGNMENT);
      if (alignment < 1 || alignment > MAX_ALIGNMENT || Long.bitCount(alignment) != 1) {
        throw new FormatException(
            source,
            ALIGNMENT_KEY + " is " + alignment + ", no power of two up to " + MAX_ALIGNMENT);
      }
      return alignment;
    }

    private List<GgufTensorInfo> readInfos(int count, long alignment) {
      if (count > cursor.remaining() / MIN_TENSOR_BYTES) {
        throw new FormatException(
            source, "truncated: the list of " + count + " tensors exceeds the file");
      }
      List<GgufTensorInfo> infos = new ArrayList<>(count);
      Set<String> seen = HashSet.newHashSet(count);
      for (int i = 0; i < count; i++) {
        GgufTensorInfo info = readInfo();
        if (!seen.add(info.name())) {
          throw new FormatException(source, "tensor " + Quoted.of(info.name()) + " occurs twice");
        }
        if (info.offset() < 0 || (info.offset() & (alignment - 1)) != 0) {
          throw new FormatException(
              source,
              "tensor "
                  + Quoted.of(info.name())
                  + ": offset "
                  + Long.toUnsignedString(info.offset())
                  + " is no multiple of the alignment "
                  + alignment);
        }
        infos.add(info);
      }
      return List.copyOf(infos);
    }

    private GgufTensorInfo readInfo() {
      String name = cursor.name("a tensor name");
      String what = "tensor " + Quoted.of(name);
      int dimensions = cursor.int32(what);
      if (dimensions < 0 || dimensions > MAX_DIMENSIONS) {
        throw new FormatException(
            source,
            what
                + " has "
                + Integer.toUnsignedString(dimensions)
                + " dimensions, more than "
                + MAX_DIMENSIONS);
      }
      Long[] shape = new Long[dimensions];
      long elements = 1;
      boolean empty = false;
      for (int d = 0; d < dimensions; d++) {
        long size = cursor.int64(what);
        // A zero must not hide an overflow of the other dimensions.
        long factor = Math.max(size, 1);
        if (size < 0 || Math.multiplyHigh(elements, factor) != 0 || elements * factor < 0) {
          throw new FormatException(source, what + ": the shape overflows 63 bits");
        }
        elements *= factor;
        empty |= size == 0;
        // Files list the innermost dimension first.
        shape[dimensions - 1 - d] = size;
      }
      int typeId = cursor.int32(what);
      long offset = cursor.int64(what);
      long row = dimensions == 0 ? 1 : shape[dimensions - 1];
      long bytes = bytes(what, GgmlType.of(typeId), empty ? 0 : elements, row);
      return new GgufTensorInfo(name, typeId, List.of(shape), offset, bytes, file.path());
    }

    private long bytes(String what, @Nullable GgmlType type, long elements, long row) {
      if (type == null || type.blockElements() == 0) {
        return -1;
      }
      if (row % type.blockElements() != 0) {
        throw new FormatException(
            source,
            what
                + ": rows of "
                + row
                + " do not fill blocks of "
                + type.blockElements()
                + " ("
                + type
                + ")");
      }
      long blocks = elements / type.blockElements();
      if (Math.multiplyHigh(blocks, type.blockBytes()) != 0 || blocks * type.blockBytes() < 0) {
        throw new FormatException(source, what + ": its size overflows 63 bits");
      }
      return blocks * type.blockBytes();
    }

    /** Tensors must lie inside the data and apart; the size of unknown types counts as 0. */
    private void checkExtents(List<GgufTensorInfo> infos, long dataBytes) {
      List<GgufTensorInfo> sorted = new ArrayList<>(infos);
      sorted.sort(
          Comparator.comparingLong(GgufTensorInfo::offset)
              .thenComparingLong(GgufTensorInfo::bytes));
      long end = 0;
      String previous = "";
      for (GgufTensorInfo info : sorted) {
        long bytes = Math.max(info.bytes(), 0);
        if (bytes > 0 && info.offset() < end) {
          throw new FormatException(
              source,
              "tensors " + Quoted.of(previous) + " and " + Quoted.of(info.name()) + " overlap");
        }
        if (bytes > 0 && (info.offset() > dataBytes || bytes > dataBytes - info.offset())) {
          throw new FormatException(
              source,
              "truncated: tensor "
                  + Quoted.of(info.name())
                  + " needs "
                  + bytes
                  + " bytes from data offset "
                  + info.offset()
                  + ", the file has "
                  + dataBytes
                  + " data bytes; fetch the file again");
        }
        if (bytes > 0) {
          end = info.offset() + bytes;
          previous = info.name();
        }
      }
    }
  }
}
