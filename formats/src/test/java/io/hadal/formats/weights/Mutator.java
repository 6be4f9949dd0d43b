package io.hadal.formats.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Seeded damage to a valid file. */
final class Mutator {
  private static final long[] EXTREMES = {
    0,
    1,
    -1,
    0x7f,
    0xff,
    0xffff,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    0xffff_ffffL,
    1L << 32,
    1L << 40,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE - 31,
    100_000_000,
    1 << 28
  };
  private static final List<String> WORDS =
      List.of(
          "\"",
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "null",
          "true",
          "-1",
          "0",
          "1e3",
          "1e999",
          "18446744073709551616",
          "9223372036854775807",
          "[[[[[[[[",
          "\"__metadata__\":{},",
          "\"a\":1,",
          "../",
          "/",
          "\\u0000",
          "\\ud800",
          "F32",
          "U8",
          "weight_map",
          "general.alignment",
          "split.count",
          "\u0000\u0000\u0000\u0000");

  private final SplittableRandom random;

  Mutator(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** One to four changes. */
  byte[] mutate(byte[] seed) {
    byte[] bytes = seed.clone();
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes && bytes.length > 0; i++) {
      bytes = change(bytes);
    }
    return bytes;
  }

  private byte[] change(byte[] bytes) {
    int at = position(bytes.length);
    switch (random.nextInt(8)) {
      case 0, 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 2 -> bytes[at] = (byte) random.nextInt();
      case 3 -> {
        return Arrays.copyOf(bytes, at);
      }
      case 4, 5 -> {
        int width = 1 << random.nextInt(4);
        ByteBuffer value = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        value.putLong(0, EXTREMES[random.nextInt(EXTREMES.length)] + random.nextInt(-1, 2));
        System.arraycopy(value.array(), 0, bytes, at, Math.min(width, bytes.length - at));
      }
      case 6 -> {
        byte[] word = WORDS.get(random.nextInt(WORDS.size())).getBytes(StandardCharsets.ISO_8859_1);
        return splice(bytes, at, random.nextBoolean() ? at : at + word.length, word);
      }
      default -> {
        int from = position(bytes.length);
        int length = random.nextInt(Math.min(64, bytes.length - from) + 1);
        return splice(
            bytes, at, at + random.nextInt(32), Arrays.copyOfRange(bytes, from, from + length));
      }
    }
    return bytes;
  }

  /** Headers come first and matter most. */
  private int position(int length) {
    return random.nextInt(random.nextInt(3) == 0 ? length : Math.min(length, 400));
  }

  private static byte[] splice(byte[] bytes, int from, int to, byte[] insert) {
    int tail = Math.min(to, bytes.length);
    byte[] out = Arrays.copyOf(bytes, from + insert.length + bytes.length - tail);
    System.arraycopy(insert, 0, out, from, insert.length);
    System.arraycopy(bytes, tail, out, from + insert.length, bytes.length - tail);
    return out;
  }
}
