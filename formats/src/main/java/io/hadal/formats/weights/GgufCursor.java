package io.hadal.formats.weights;

import io.hadal.formats.FormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Checked sequential reading of a GGUF header. Every failure is a {@link FormatException}. */
final class GgufCursor {
  /** Header bytes that are read at most; real vocabularies need some 10 MB. */
  static final long MAX_HEADER_BYTES = 256L << 20;

  private static final int MAX_STRING_BYTES = 16 << 20;
  private static final int MAX_NAME_BYTES = 65_535;

  private final MemorySegment segment;
  private final String source;
  private final long limit;
  private long position;

  GgufCursor(MemorySegment segment, String source) {
    this.segment = segment;
    this.source = source;
    this.limit = Math.min(segment.byteSize(), MAX_HEADER_BYTES);
  }

  long position() {
    return position;
  }

  long remaining() {
    return limit - position;
  }

  /** Fails unless that many bytes follow; {@code what} names them. */
  void need(long bytes, String what) {
    if (bytes < 0 || bytes > limit - position) {
      if (limit < segment.byteSize()) {
        throw new FormatException(
            source, what + " exceeds the header limit of " + MAX_HEADER_BYTES + " bytes");
      }
      throw new FormatException(
          source,
          "truncated: "
              + what
              + " at byte "
              + position
              + " needs "
              + Long.toUnsignedString(bytes)
              + " bytes, "
              + (limit - position)
              + " are left");
    }
  }

  int int8(String what) {
    need(1, what);
    return segment.get(ValueLayout.JAVA_BYTE, position++);
  }

  int int16(String what) {
    need(2, what);
    int value = segment.get(LittleEndian.SHORT, position);
    position += 2;
    return value;
  }

  int int32(String what) {
    need(4, what);
    int value = segment.get(LittleEndian.INT, position);
    position += 4;
    return value;
  }

  long int64(String what) {
    need(8, what);
    long value = segment.get(LittleEndian.LONG, position);
    position += 8;
    return value;
  }

  /**
   * A 64-bit count of things that take at least {@code minBytes} bytes each, so that a hostile
   * count fails before anything is allocated for it.
   */
  int count(long minBytes, long max, String what) {
    long count = int64(what);
    if (count < 0 || count > max || count > remaining() / minBytes) {
      throw new FormatException(
          source,
          what
              + " is "
              + Long.toUnsignedString(count)
              + ", more than the limit of "
              + Math.min(max, remaining() / minBytes)
              + (max > remaining() / minBytes ? " that fits the rest of the file" : ""));
    }
    return (int) count;
  }

  byte[] bytes(int length, String what) {
    need(length, what);
    byte[] out = new byte[length];
    MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, position, out, 0, length);
    position += length;
    return out;
  }

  /** A string value; bytes that are no UTF-8 become U+FFFD. */
  String string(String what) {
    return new String(
        bytes(count(1, MAX_STRING_BYTES, "length of " + what), what), StandardCharsets.UTF_8);
  }

  /** A key or tensor name, which must be UTF-8. */
  String name(String what) {
    byte[] utf8 = bytes(count(1, MAX_NAME_BYTES, "length of " + what), what);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw new FormatException(source, what + " is not UTF-8", e);
    }
  }

  /** Elements of a string array. */
  GgufStrings strings(int count, String what) {
    long start = position;
    long total = 0;
    int[] ends = new int[count];
    String lengthOf = "length of a string in " + what;
    for (int i = 0; i < count; i++) {
      int length = count(1, MAX_STRING_BYTES, lengthOf);
      position += length;
      total += length;
      ends[i] = (int) total;
    }
    byte[] utf8 = new byte[(int) total];
    long from = start;
    int to = 0;
    for (int end : ends) {
      from += 8;
      MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, from, utf8, to, end - to);
      from += end - to;
      to = end;
    }
    return new GgufStrings(utf8, ends);
  }
}
