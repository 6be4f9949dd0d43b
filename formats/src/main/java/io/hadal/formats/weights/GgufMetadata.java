package io.hadal.formats.weights;

import io.hadal.formats.FormatException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Key-value pairs of a GGUF file, held on the heap and valid after the file is closed. {@code
 * getX(key)} gives null for an absent key, {@code getX(key, fallback)} the fallback, {@code
 * requireX(key)} an error; a present key of another type is an error in all three. Integers of any
 * width serve where a long is asked, and integers serve where a double is asked.
 */
public final class GgufMetadata {
  private final String source;
  private final Map<String, GgufValue> values;

  GgufMetadata(String source, Map<String, GgufValue> values) {
    this.source = source;
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** Keys in file order. */
  public Set<String> keys() {
    return values.keySet();
  }

  public boolean has(String key) {
    return values.containsKey(key);
  }

  /** The value as it is in the file, or null. */
  public @Nullable GgufValue find(String key) {
    return values.get(key);
  }

  public @Nullable String getString(String key) {
    return switch (values.get(key)) {
      case null -> null;
      case GgufValue.Text text -> text.value();
      case GgufValue other -> throw wrongType(key, "a string", other);
    };
  }

  public String getString(String key, String fallback) {
    String value = getString(key);
    return value == null ? fallback : value;
  }

  /**
   * The string.
   *
   * @throws FormatException when the key is missing or no string
   */
  public String requireString(String key) {
    return present(key, "a string", getString(key));
  }

  public @Nullable Long getLong(String key) {
    return switch (values.get(key)) {
      case null -> null;
      case GgufValue.Whole whole -> signed(key, whole.type(), whole.value());
      case GgufValue other -> throw wrongType(key, "an integer", other);
    };
  }

  public long getLong(String key, long fallback) {
    Long value = getLong(key);
    return value == null ? fallback : value;
  }

  /**
   * The integer.
   *
   * @throws FormatException when the key is missing, no integer or beyond a signed 64-bit number
   */
  public long requireLong(String key) {
    return present(key, "an integer", getLong(key));
  }

  public @Nullable Double getDouble(String key) {
    return switch (values.get(key)) {
      case null -> null;
      case GgufValue.Real real -> real.value();
      case GgufValue.Whole whole -> (double) signed(key, whole.type(), whole.value());
      case GgufValue other -> throw wrongType(key, "a number", other);
    };
  }

  public double getDouble(String key, double fallback) {
    Double value = getDouble(key);
    return value == null ? fallback : value;
  }

  /**
   * The number.
   *
   * @throws FormatException when the key is missing or no number
   */
  public double requireDouble(String key) {
    return present(key, "a number", getDouble(key));
  }

  public @Nullable Boolean getBool(String key) {
    return switch (values.get(key)) {
      case null -> null;
      case GgufValue.Bool bool -> bool.value();
      case GgufValue other -> throw wrongType(key, "a bool", other);
    };
  }

  public boolean getBool(String key, boolean fallback) {
    Boolean value = getBool(key);
    return value == null ? fallback : value;
  }

  /**
   * The truth value.
   *
   * @throws FormatException when the key is missing or no bool
   */
  public boolean requireBool(String key) {
    return present(key, "a bool", getBool(key));
  }

  /** The strings; a list of constant access time that decodes an element when it is asked for. */
  public @Nullable List<String> getStringArray(String key) {
    return switch (values.get(key)) {
      case null -> null;
      case GgufValue.Texts texts -> Collections.unmodifiableList(texts.values());
      case GgufValue.Numbers numbers when numbers.size() == 0 -> List.of();
      case GgufValue other -> throw wrongType(key, "an array of strings", other);
    };
  }

  /**
   * The strings.
   *
   * @throws FormatException when the key is missing or no string array
   */
  public List<String> requireStringArray(String key) {
    return present(key, "an array of strings", getStringArray(key));
  }

  public long @Nullable [] getLongArray(String key) {
    return switch (values.get(key)) {
      case null -> null;
      case GgufValue.Numbers numbers when numbers.elementType().isInteger() ->
          toLongs(key, numbers);
      case GgufValue other when isEmpty(other) -> new long[0];
      case GgufValue other -> throw wrongType(key, "an array of integers", other);
    };
  }

  /**
   * The integers.
   *
   * @throws FormatException when the key is missing or no integer array
   */
  public long[] requireLongArray(String key) {
    return present(key, "an array of integers", getLongArray(key));
  }

  /** Like {@link #getLongArray}, with a single integer as an array of one. */
  public long @Nullable [] longs(String key) {
    return values.get(key) instanceof GgufValue.Whole
        ? new long[] {requireLong(key)}
        : getLongArray(key);
  }

  public double @Nullable [] getDoubleArray(String key) {
    return switch (values.get(key)) {
      case null -> null;
      case GgufValue.Numbers numbers when numbers.elementType() != GgufValueType.BOOL ->
          toDoubles(key, numbers);
      case GgufValue other when isEmpty(other) -> new double[0];
      case GgufValue other -> throw wrongType(key, "an array of numbers", other);
    };
  }

  /**
   * The numbers.
   *
   * @throws FormatException when the key is missing or no array of numbers
   */
  public double[] requireDoubleArray(String key) {
    return present(key, "an array of numbers", getDoubleArray(key));
  }

  /** Like {@link #getDoubleArray}, with a single number as an array of one. */
  public double @Nullable [] doubles(String key) {
    GgufValue value = values.get(key);
    return value instanceof GgufValue.Whole || value instanceof GgufValue.Real
        ? new double[] {requireDouble(key)}
        : getDoubleArray(key);
  }

  /** Like {@link #getDoubleArray}, rounded to float. */
  public float @Nullable [] getFloatArray(String key) {
    double[] wide = getDoubleArray(key);
    if (wide == null) {
      return null;
    }
    float[] narrow = new float[wide.length];
    for (int i = 0; i < wide.length; i++) {
      narrow[i] = (float) wide[i];
    }
    return narrow;
  }

  /**
   * The numbers, rounded to float.
   *
   * @throws FormatException when the key is missing or no array of numbers
   */
  public float[] requireFloatArray(String key) {
    return present(key, "an array of numbers", getFloatArray(key));
  }

  public boolean @Nullable [] getBoolArray(String key) {
    return switch (values.get(key)) {
      case null -> null;
      case GgufValue.Numbers numbers when numbers.elementType() == GgufValueType.BOOL -> {
        boolean[] out = new boolean[numbers.size()];
        for (int i = 0; i < out.length; i++) {
          out[i] = numbers.whole(i) != 0;
        }
        yield out;
      }
      case GgufValue other when isEmpty(other) -> new boolean[0];
      case GgufValue other -> throw wrongType(key, "an array of bools", other);
    };
  }

  /** An empty array suits every element type. */
  private static boolean isEmpty(GgufValue value) {
    return switch (value) {
      case GgufValue.Numbers numbers -> numbers.size() == 0;
      case GgufValue.Texts texts -> texts.values().isEmpty();
      case GgufValue.Nested nested -> nested.values().isEmpty();
      default -> false;
    };
  }

  private long[] toLongs(String key, GgufValue.Numbers numbers) {
    long[] out = new long[numbers.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = signed(key, numbers.elementType(), numbers.whole(i));
    }
    return out;
  }

  private double[] toDoubles(String key, GgufValue.Numbers numbers) {
    double[] out = new double[numbers.size()];
    boolean real = numbers.elementType().isFloat();
    for (int i = 0; i < out.length; i++) {
      out[i] =
          real ? numbers.real(i) : (double) signed(key, numbers.elementType(), numbers.whole(i));
    }
    return out;
  }

  private long signed(String key, GgufValueType type, long bits) {
    if (type == GgufValueType.UINT64 && bits < 0) {
      throw new FormatException(
          source, "key " + Quoted.of(key) + " is too large: " + Long.toUnsignedString(bits));
    }
    return bits;
  }

  private <T> T present(String key, String wanted, @Nullable T value) {
    if (value == null) {
      throw new FormatException(
          source, "key " + Quoted.of(key) + " is missing, expected " + wanted);
    }
    return value;
  }

  private FormatException wrongType(String key, String wanted, GgufValue found) {
    return new FormatException(
        source, "key " + Quoted.of(key) + " must be " + wanted + ", found " + found.label());
  }
}
