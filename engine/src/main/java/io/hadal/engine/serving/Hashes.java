package io.hadal.engine.serving;

import io.hadal.formats.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** SHA-256 in hex. */
final class Hashes {
  private Hashes() {}

  static String of(byte[]... parts) {
    return Sha256.hex(parts);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] bytes(int[] tokens) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * tokens.length);
    buffer.asIntBuffer().put(tokens);
    return buffer.array();
  }
}
