package io.hadal.chat;

import java.security.SecureRandom;

/** Ids that nobody can guess: 26 characters of base 32, about 130 bits. */
public final class Ids {
  private static final char[] ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz".toCharArray();
  private static final SecureRandom RANDOM = new SecureRandom();

  private Ids() {}

  /** A new id behind a prefix such as {@code msg_}. */
  public static String next(String prefix) {
    byte[] bytes = new byte[26];
    RANDOM.nextBytes(bytes);
    StringBuilder id = new StringBuilder(prefix);
    for (byte b : bytes) {
      id.append(ALPHABET[b & 31]);
    }
    return id.toString();
  }
}
