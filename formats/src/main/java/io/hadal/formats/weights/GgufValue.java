package io.hadal.formats.weights;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** A GGUF metadata value with the type it has in the file. */
public sealed interface GgufValue {

  /** Type of the value; {@link GgufValueType#ARRAY} for arrays. */
  GgufValueType type();

  /** Type for messages, like {@code uint32} or {@code array of 3 string}. */
  default String label() {
    return type().label();
  }

  /**
   * An integer.
   *
   * @param value the number; for UINT64 its 64 bits
   */
  record Whole(GgufValueType type, long value) implements GgufValue {
    public Whole {
      if (!type.isInteger()) {
        throw new IllegalArgumentException(type + " is no integer type");
      }
      requireFits(type, value);
    }

    @Override
    public String toString() {
      return type == GgufValueType.UINT64 ? Long.toUnsignedString(value) : Long.toString(value);
    }
  }

  /** A floating-point number. */
  record Real(GgufValueType type, double value) implements GgufValue {
    public Real {
      if (!type.isFloat()) {
        throw new IllegalArgumentException(type + " is no floating-point type");
      }
      value = rounded(type, value);
    }

    @Override
    public String toString() {
      return type == GgufValueType.FLOAT32 ? Float.toString((float) value) : Double.toString(value);
    }
  }

  /** A truth value. */
  record Bool(boolean value) implements GgufValue {
    @Override
    public GgufValueType type() {
      return GgufValueType.BOOL;
    }

    @Override
    public String toString() {
      return Boolean.toString(value);
    }
  }

  /** A string. */
  record Text(String value) implements GgufValue {
    @Override
    public GgufValueType type() {
      return GgufValueType.STRING;
    }

    @Override
    public String toString() {
      return value;
    }
  }

  /** An array of strings. */
  record Texts(List<String> values) implements GgufValue {
    @Override
    public GgufValueType type() {
      return GgufValueType.ARRAY;
    }

    @Override
    public String label() {
      return "array of " + values.size() + " string";
    }

    @Override
    public String toString() {
      return "[" + values.size() + " strings]";
    }
  }

  /** An array of arrays. */
  record Nested(List<GgufValue> values) implements GgufValue {
    public Nested {
      values = List.copyOf(values);
      for (GgufValue value : values) {
        if (value.type() != GgufValueType.ARRAY) {
          throw new IllegalArgumentException("nested arrays hold arrays, not " + value.label());
        }
      }
    }

    @Override
    public GgufValueType type() {
      return GgufValueType.ARRAY;
    }

    @Override
    public String label() {
      return "array of " + values.size() + " array";
    }

    @Override
    public String toString() {
      return "[" + values.size() + " arrays]";
    }
  }

  /** An array of integers, floating-point numbers or truth values, packed as in the file. */
  final class Numbers implements GgufValue {

    private final GgufValueType elementType;
    private final byte[] bytes;
    private final MemorySegment view;

    /** Wraps little-endian elements without copying. */
    Numbers(GgufValueType elementType, byte[] bytes) {
      if (elementType.bytes() == 0 || bytes.length % elementType.bytes() != 0) {
        throw new IllegalArgumentException(bytes.length + " bytes are no array of " + elementType);
      }
      this.elementType = elementType;
      this.bytes = bytes;
      this.view = MemorySegment.ofArray(bytes);
    }

    @Override
    public GgufValueType type() {
      return GgufValueType.ARRAY;
    }

    @Override
    public String label() {
      return "array of " + size() + " " + elementType.label();
    }

    /** Type of the elements. */
    public GgufValueType elementType() {
      return elementType;
    }

    /** Number of elements. */
    public int size() {
      return bytes.length / elementType.bytes();
    }

    /** Element i of an integer array (UINT64: its bits), 0 or 1 of a BOOL array. */
    public long whole(int i) {
      return switch (elementType) {
        case UINT8, BOOL -> bytes[i] & 0xff;
        case INT8 -> bytes[i];
        case UINT16 -> view.getAtIndex(LittleEndian.SHORT, i) & 0xffff;
        case INT16 -> view.getAtIndex(LittleEndian.SHORT, i);
        case UINT32 -> view.getAtIndex(LittleEndian.INT, i) & 0xffff_ffffL;
        case INT32 -> view.getAtIndex(LittleEndian.INT, i);
        case UINT64, INT64 -> view.getAtIndex(LittleEndian.LONG, i);
        case FLOAT32, FLOAT64, STRING, ARRAY ->
            throw new IllegalStateException(elementType + " is no integer type");
      };
    }

    /** Element i of a floating-point array. */
    public double real(int i) {
      return switch (elementType) {
        case FLOAT32 -> Float.intBitsToFloat(view.getAtIndex(LittleEndian.INT, i));
        case FLOAT64 -> Double.longBitsToDouble(view.getAtIndex(LittleEndian.LONG, i));
        default -> throw new IllegalStateException(elementType + " is no floating-point type");
      };
    }

    /** The packed elements; not to be changed. */
    byte[] bytes() {
      return bytes;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Numbers n
          && n.elementType == elementType
          && Arrays.equals(n.bytes, bytes);
    }

    @Override
    public int hashCode() {
      return 31 * elementType.hashCode() + Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      StringBuilder out = new StringBuilder("[");
      int shown = Math.min(size(), 8);
      for (int i = 0; i < shown; i++) {
        out.append(i == 0 ? "" : ", ");
        if (elementType.isFloat()) {
          out.append(new Real(elementType, real(i)));
        } else {
          out.append(
              elementType == GgufValueType.UINT64
                  ? Long.toUnsignedString(whole(i))
                  : Long.toString(whole(i)));
        }
      }
      return out.append(shown < size() ? ", ... " + size() + " in all]" : "]").toString();
    }
  }

  /** A value of type UINT32, the usual type of counts. */
  static GgufValue uint32(long value) {
    return new Whole(GgufValueType.UINT32, value);
  }

  /** A value of type FLOAT32. */
  static GgufValue float32(float value) {
    return new Real(GgufValueType.FLOAT32, value);
  }

  /** A string. */
  static GgufValue text(String value) {
    return new Text(value);
  }

  /** A truth value. */
  static GgufValue bool(boolean value) {
    return new Bool(value);
  }

  /** An array of strings. */
  static GgufValue texts(List<String> values) {
    return new Texts(List.copyOf(values));
  }

  /**
   * An array of an integer type or BOOL.
   *
   * @throws IllegalArgumentException when a value does not fit
   */
  static GgufValue wholes(GgufValueType elementType, long... values) {
    if (!elementType.isInteger() && elementType != GgufValueType.BOOL) {
      throw new IllegalArgumentException(elementType + " is no integer type");
    }
    int width = elementType.bytes();
    byte[] bytes = new byte[Math.multiplyExact(values.length, width)];
    for (int i = 0; i < values.length; i++) {
      requireFits(elementType, values[i]);
      for (int b = 0; b < width; b++) {
        bytes[i * width + b] = (byte) (values[i] >>> (8 * b));
      }
    }
    return new Numbers(elementType, bytes);
  }

  /** An array of FLOAT32. */
  static GgufValue floats(float... values) {
    byte[] bytes = new byte[Math.multiplyExact(values.length, Float.BYTES)];
    MemorySegment.copy(
        values, 0, MemorySegment.ofArray(bytes), LittleEndian.FLOAT, 0, values.length);
    return new Numbers(GgufValueType.FLOAT32, bytes);
  }

  /** An array of FLOAT64. */
  static GgufValue doubles(double... values) {
    byte[] bytes = new byte[Math.multiplyExact(values.length, Double.BYTES)];
    MemorySegment.copy(
        values, 0, MemorySegment.ofArray(bytes), LittleEndian.DOUBLE, 0, values.length);
    return new Numbers(GgufValueType.FLOAT64, bytes);
  }

  private static double rounded(GgufValueType type, double value) {
    return type == GgufValueType.FLOAT32 ? (float) value : value;
  }

  private static void requireFits(GgufValueType type, long value) {
    boolean fits =
        switch (type) {
          case BOOL -> value == 0 || value == 1;
          case UINT8 -> value >= 0 && value <= 0xff;
          case INT8 -> value == (byte) value;
          case UINT16 -> value >= 0 && value <= 0xffff;
          case INT16 -> value == (short) value;
          case UINT32 -> value >= 0 && value <= 0xffff_ffffL;
          case INT32 -> value == (int) value;
          default -> true;
        };
    if (!fits) {
      throw new IllegalArgumentException(value + " does not fit " + type);
    }
  }
}
