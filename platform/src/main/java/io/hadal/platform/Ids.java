package io.hadal.platform;

import java.security.SecureRandom;

/** Ids of rows: a prefix and 20 characters of base 32, 100 bits nobody can guess. */
public final class Ids {
  private static final char[] ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz".toCharArray();
  private static final SecureRandom RANDOM = new SecureRandom();

  private Ids() {}

  /** A new id behind a prefix such as {@code org_}. */
  public static String next(String prefix) {
    return prefix + random(20);
  }

  /** Random characters of base 32, without those that look alike. */
  public static String random(int characters) {
    byte[] bytes = new byte[characters];
    RANDOM.nextBytes(bytes);
    StringBuilder text = new StringBuilder(characters);
    for (byte b : bytes) {
      text.append(ALPHABET[b & 31]);
    }
    return text.toString();
  }
}
