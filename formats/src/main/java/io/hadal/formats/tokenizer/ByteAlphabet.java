package io.hadal.formats.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The GPT-2 byte alphabet: vocabulary files write each byte as one printable character. Printable
 * Latin-1 bytes stand for themselves, the other 68 follow in order from U+0100.
 */
public final class ByteAlphabet {
  private static final char[] TO_CHAR = new char[256];
  private static final short[] TO_BYTE = new short[0x144];

  static {
    Arrays.fill(TO_BYTE, (short) -1);
    char shifted = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xFF && b != 0xAD);
      char c = printable ? (char) b : shifted++;
      TO_CHAR[b] = c;
      TO_BYTE[c] = (short) b;
    }
  }

  private ByteAlphabet() {}

  /** The character that stands for {@code b & 0xFF}. */
  public static char toChar(int b) {
    return TO_CHAR[b & 0xFF];
  }

  /** The bytes a token stands for, or null if it holds a character outside the alphabet. */
  public static byte @Nullable [] toBytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = token.charAt(i);
      if (c >= TO_BYTE.length || TO_BYTE[c] < 0) {
        return null;
      }
      bytes[i] = (byte) TO_BYTE[c];
    }
    return bytes;
  }

  /** Bytes as text with one Latin-1 character per byte, a hashable key. */
  static String key(byte[] bytes, int length) {
    return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
  }
}
