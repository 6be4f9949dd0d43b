package io.hadal.server.wire;

import io.hadal.formats.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/** Short hashes of what clients name, so that the names themselves are kept nowhere. */
public final class Digests {
  private static final int BYTES = 12;

  private Digests() {}

  /**
   * 96 bits of a name in hexadecimal.
   *
   * @param space names of different spaces never have the same hash
   */
  public static String hash(String space, String name) {
    MessageDigest digest = Sha256.digest();
    digest.update(space.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
    byte[] hash = digest.digest(name.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(Arrays.copyOf(hash, BYTES));
  }
}
