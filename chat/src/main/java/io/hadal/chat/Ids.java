package io.hadal.chat;

import java.security.SecureRandom;

/** Ids that nobody can guess: 26 characters of base 32, about 130 bits. */
public final class Ids {
  private static final char[] ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz".toCharArray();
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int LENGTH = 26;

  /** Random bytes for the next ids: asking for few at a time costs as much as for many. */
  private static final byte[] READY = new byte[64 * LENGTH];

  private static int taken = READY.length;

  private Ids() {}

  /** A new id behind a prefix such as {@code msg_}. */
  public static String next(String prefix) {
    StringBuilder id = new StringBuilder(prefix.length() + LENGTH).append(prefix);
    synchronized (READY) {
      if (taken == READY.length) {
        RANDOM.nextBytes(READY);
        taken = 0;
      }
      for (int i = 0; i < LENGTH; i++) {
        id.append(ALPHABET[READY[taken] & 31]);
        READY[taken++] = 0;
      }
    }
    return id.toString();
  }
}
