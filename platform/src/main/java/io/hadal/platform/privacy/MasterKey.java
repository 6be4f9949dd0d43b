package io.hadal.platform.privacy;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.OwnerOnly;
import io.hadal.formats.Sha256;
import io.hadal.platform.secrets.Secrets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/** The key (AES-256) that wraps the keys of data. It is never in the database. */
public final class MasterKey {
  private static final int BYTES = 32;
  private static final int MAX_FILE = 4096;

  private final String id;
  private final SecretKey key;

  /**
   * A key of 32 bytes.
   *
   * @throws FormatException for another length
   */
  public MasterKey(byte[] bytes, String source) {
    if (bytes.length != BYTES) {
      throw new FormatException(
          source, "must hold 32 bytes in base 64 or as 64 hexadecimal digits");
    }
    this.key = new SecretKeySpec(bytes, "AES");
    MessageDigest digest = Sha256.digest();
    digest.update("hadal-master-key".getBytes(StandardCharsets.US_ASCII));
    this.id = HexFormat.of().formatHex(digest.digest(bytes), 0, 8);
  }

  /**
   * The key that a {@linkplain Secrets reference} names.
   *
   * @param environment variables of the process
   * @throws FormatException when there is none
   */
  public static MasterKey resolve(String reference, Map<String, String> environment) {
    return parse(Secrets.read(reference, Path.of(""), environment).reveal(), reference);
  }

  /**
   * Reads the key of a file; makes one, readable for its owner only, when there is no file.
   *
   * @throws FormatException when it cannot be used
   */
  public static MasterKey open(Path file) {
    if (!Files.exists(file)) {
      create(file);
    }
    return read(file);
  }

  private static MasterKey read(Path file) {
    try {
      if (Files.size(file) > MAX_FILE) {
        throw new FormatException(file.toString(), "is too long for a key file");
      }
      return parse(Files.readString(file, StandardCharsets.ISO_8859_1), file.toString());
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be read: " + e, e);
    }
  }

  private static void create(Path file) {
    byte[] bytes = new byte[BYTES];
    new SecureRandom().nextBytes(bytes);
    try {
      String text = Base64.getEncoder().encodeToString(bytes) + "\n";
      AtomicFiles.create(file, text.getBytes(StandardCharsets.US_ASCII), OwnerOnly.file());
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be written: " + e, e);
    }
  }

  private static MasterKey parse(String text, String source) {
    String stripped = text.strip();
    try {
      byte[] bytes =
          stripped.length() == 2 * BYTES
              ? HexFormat.of().parseHex(stripped)
              : Base64.getDecoder().decode(stripped);
      return new MasterKey(bytes, source);
    } catch (IllegalArgumentException e) {
      // No cause: its message could hold a part of the key.
      throw new FormatException(
          source, "must hold 32 bytes in base 64 or as 64 hexadecimal digits");
    }
  }

  /** Tells keys apart without saying anything about them. */
  public String id() {
    return id;
  }

  SecretKey key() {
    return key;
  }

  @Override
  public String toString() {
    return "MasterKey[" + id + "]";
  }
}
