package io.hadal.platform.keys;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.OwnerOnly;
import io.hadal.platform.SecretText;
import io.hadal.platform.secrets.SecretPlace;
import io.hadal.platform.secrets.Secrets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * What keys are hashed with, and which is not in the database: who has stolen that cannot try
 * secrets. Text form: a line each of {@code GENERATION BASE64URL(32 BYTES)}, the newest last; the
 * newest makes, the one before it still verifies.
 */
public final class Pepper {
  private static final int BYTES = 32;
  private static final int LONGEST = 4096;
  private static final String HMAC = "HmacSHA256";

  private final Generation newest;
  private final @Nullable Generation older;

  private record Generation(int number, byte[] key, Mac ready) {
    Generation(int number, byte[] key) {
      this(number, key, hmac(key));
    }
  }

  private Pepper(Generation newest, @Nullable Generation older) {
    this.newest = newest;
    this.older = older;
  }

  /**
   * The pepper of a file, which is made for its owner only when it is not there.
   *
   * @throws FormatException when it cannot be read or made
   */
  public static Pepper file(Path file) {
    try {
      if (!Files.exists(file)) {
        AtomicFiles.create(file, bytes(line(1)), OwnerOnly.file());
      }
      if (Files.size(file) > LONGEST) {
        throw new FormatException(file.toString(), "is too long for a pepper");
      }
      return parse(Files.readString(file), file.toString());
    } catch (IOException e) {
      throw new FormatException(file.toString(), "the pepper cannot be read or made: " + e, e);
    }
  }

  /**
   * The pepper that a {@linkplain Secrets reference} names; a file that is not there is made.
   *
   * @throws FormatException when there is none
   */
  public static Pepper of(String reference, Map<String, String> environment) {
    if (SecretPlace.of(reference, Path.of("")) instanceof SecretPlace.Content content) {
      return file(content.file());
    }
    return parse(Secrets.read(reference, Path.of(""), environment).reveal(), reference);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static String line(int generation) {
    byte[] key = new byte[BYTES];
    new SecureRandom().nextBytes(key);
    return generation + " " + Base64.getUrlEncoder().withoutPadding().encodeToString(key) + "\n";
  }

  /**
   * Adds a generation to a file and keeps the one before it. Keys of that one go on and move to the
   * new one when they are used.
   *
   * @throws FormatException when the file cannot be read or written
   */
  public static Pepper rotate(Path file) {
    Pepper now = file(file);
    Generation last = now.newest;
    String kept =
        last.number + " " + Base64.getUrlEncoder().withoutPadding().encodeToString(last.key);
    try {
      AtomicFiles.write(file, bytes(kept + "\n" + line(last.number + 1)), OwnerOnly.file());
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be written: " + e, e);
    }
    return file(file);
  }

  private static Pepper parse(String text, String source) {
    List<Generation> generations = new ArrayList<>();
    // An environment variable holds no line breaks; commas do.
    for (String line : text.strip().split("[\\n,]")) {
      String[] words = line.strip().split(" ");
      if (words.length != 2 || !words[0].matches("[0-9]{1,9}")) {
        throw new FormatException(source, "must have lines of GENERATION BASE64URL");
      }
      byte[] key;
      try {
        key = Base64.getUrlDecoder().decode(words[1]);
      } catch (IllegalArgumentException e) {
        throw new FormatException(source, "holds a line that is no base64url");
      }
      if (key.length != BYTES) {
        throw new FormatException(source, "holds a pepper that has not " + BYTES + " bytes");
      }
      int number = Integer.parseInt(words[0]);
      if (!generations.isEmpty() && generations.getLast().number >= number) {
        throw new FormatException(source, "must have generations that grow");
      }
      generations.add(new Generation(number, key));
    }
    int n = generations.size();
    return new Pepper(generations.getLast(), n < 2 ? null : generations.get(n - 2));
  }

  /** Number of the generation that new keys are hashed with. */
  public int generation() {
    return newest.number;
  }

  /** HMAC-SHA-256 of a secret under a generation; null when that is gone. */
  byte @Nullable [] mac(int generation, SecretText secret) {
    Generation used =
        newest.number == generation
            ? newest
            : older != null && older.number == generation ? older : null;
    return used == null ? null : mac(used, secret.reveal());
  }

  /** A key of 32 bytes for another purpose. */
  public byte[] derive(String purpose) {
    return mac(newest, "derive:" + purpose);
  }

  /** Copied for each use: finding an implementation takes longer than its work. */
  private static Mac hmac(byte[] key) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key, HMAC));
      return mac;
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] mac(Generation generation, String text) {
    Mac mac;
    try {
      mac = (Mac) generation.ready.clone();
    } catch (CloneNotSupportedException e) {
      mac = hmac(generation.key);
    }
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }
}
