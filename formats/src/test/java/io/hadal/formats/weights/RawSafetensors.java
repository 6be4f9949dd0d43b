package io.hadal.formats.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Safetensors bytes from a header text, also a wrong one. */
final class RawSafetensors {
  private RawSafetensors() {}

  /** A header of that text before zero bytes; single quotes stand for double quotes. */
  static byte[] of(String header, int dataBytes) {
    byte[] text = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return withLength(text.length, text, dataBytes);
  }

  static byte[] withLength(long headerBytes, byte[] text, int dataBytes) {
    return ByteBuffer.allocate(8 + text.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(headerBytes)
        .put(text)
        .array();
  }
}
