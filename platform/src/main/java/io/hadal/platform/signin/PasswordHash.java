package io.hadal.platform.signin;

import io.hadal.platform.SecretText;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.security.spec.InvalidKeySpecException;
import java.util.Base64;
import java.util.concurrent.Semaphore;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** Passwords by PBKDF2 with HMAC-SHA-256: slow, because people's passwords can be guessed. */
public final class PasswordHash {
  /** What OWASP recommends for this function. */
  public static final int ITERATIONS = 600_000;

  private static final int SALT = 16;
  private static final int BITS = 256;
  private static final int LONGEST = 1024;
  private static final String PREFIX = "pbkdf2-sha256";

  /** A hash takes a core for a good part of a second: requests must not take all. */
  private final Semaphore turns = new Semaphore(2, true);

  private final int iterations;

  /**
   * @param iterations for new hashes; others say their own
   */
  public PasswordHash(int iterations) {
    this.iterations = iterations;
  }

  /** A hash to keep. */
  public String hash(SecretText password) {
    byte[] salt = new byte[SALT];
    new SecureRandom().nextBytes(salt);
    Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
    return String.join(
        "$",
        PREFIX,
        Integer.toString(iterations),
        base64.encodeToString(salt),
        base64.encodeToString(derive(password, salt, iterations)));
  }

  /** Whether a password has a hash. */
  public boolean verify(SecretText password, String hash) {
    String[] parts = hash.split("\\$");
    if (parts.length != 4
        || !parts[0].equals(PREFIX)
        || !parts[1].matches("[1-9][0-9]{0,7}")
        || password.reveal().length() > LONGEST) {
      return false;
    }
    Base64.Decoder base64 = Base64.getDecoder();
    byte[] derived = derive(password, base64.decode(parts[2]), Integer.parseInt(parts[1]));
    return MessageDigest.isEqual(derived, base64.decode(parts[3]));
  }

  private byte[] derive(SecretText password, byte[] salt, int rounds) {
    PBEKeySpec spec = new PBEKeySpec(password.reveal().toCharArray(), salt, rounds, BITS);
    turns.acquireUninterruptibly();
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
    } catch (NoSuchAlgorithmException | InvalidKeySpecException e) {
      throw new IllegalStateException(e);
    } finally {
      turns.release();
      spec.clearPassword();
    }
  }
}
