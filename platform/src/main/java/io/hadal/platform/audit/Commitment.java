package io.hadal.platform.audit;

import io.hadal.formats.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * A personal value and what stands for it in a record: {@code sha256:} and the SHA-256 of salt and
 * value in UTF-8. Without the salt nobody can find the value by trying.
 *
 * @param salt 16 random bytes, hexadecimal
 */
record Commitment(String salt, String value) {
  private static final SecureRandom RANDOM = new SecureRandom();

  /** A commitment with a new salt. */
  static Commitment to(String value) {
    byte[] salt = new byte[16];
    RANDOM.nextBytes(salt);
    return new Commitment(HexFormat.of().formatHex(salt), value);
  }

  /** What stands in the record. */
  String text() {
    return "sha256:"
        + Sha256.hex(salt.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8));
  }
}
