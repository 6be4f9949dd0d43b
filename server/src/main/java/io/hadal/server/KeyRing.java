package io.hadal.server;

import io.hadal.formats.FormatException;
import io.hadal.formats.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * API keys of a file: a line each of {@code NAME KEY} or {@code NAME sha256:HEX}; lines that begin
 * with # are comments. Only digests stay in memory.
 */
public final class KeyRing {
  private static final String DIGEST = "sha256:";
  private static final int SHORTEST = 16;

  /** Longest file. */
  static final int MOST_BYTES = 16 << 20;

  private final Map<String, String> nameByDigest = new HashMap<>();

  private KeyRing() {}

  /**
   * Reads a file of keys.
   *
   * @throws FormatException when it is broken or empty
   */
  public static KeyRing read(Path file) {
    List<String> lines;
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new FormatException(file.toString(), "is longer than " + MOST_BYTES + " bytes");
      }
      lines =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes))
              .toString()
              .lines()
              .toList();
    } catch (IOException e) {
      throw new FormatException(file.toString(), "the keys cannot be read: " + e, e);
    }
    KeyRing ring = new KeyRing();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        ring.add(line.split("\\s+"), file + ":" + (i + 1));
      }
    }
    if (ring.nameByDigest.isEmpty()) {
      throw new FormatException(file.toString(), "holds no key; a line each: NAME KEY");
    }
    return ring;
  }

  private void add(String[] parts, String at) {
    if (parts.length != 2 || !parts[0].matches("[A-Za-z0-9_.-]{1,64}")) {
      throw new FormatException(at, "must be NAME KEY, the name of letters, digits, _ . and -");
    }
    String digest;
    if (parts[1].startsWith(DIGEST)) {
      digest = parts[1].substring(DIGEST.length());
      if (!digest.matches("[0-9a-f]{64}")) {
        throw new FormatException(at, "sha256: must be followed by 64 lower-case hex digits");
      }
    } else if (parts[1].length() < SHORTEST) {
      throw new FormatException(at, "the key is shorter than " + SHORTEST + " characters");
    } else {
      digest = Sha256.hex(parts[1]);
    }
    if (nameByDigest.put(digest, parts[0]) != null) {
      throw new FormatException(at, "the key is there twice");
    }
  }

  /** Name of the owner of a key; null when nobody owns it. */
  public @Nullable String owner(String key) {
    // Looking a digest up tells nothing about the keys that are there.
    return nameByDigest.get(Sha256.hex(key));
  }
}
