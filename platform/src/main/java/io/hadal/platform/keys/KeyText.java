package io.hadal.platform.keys;

import io.hadal.platform.Ids;
import io.hadal.platform.SecretText;
import java.security.SecureRandom;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The text of a key: {@code sk-ENV-KID-SECRETC}, with an environment letter, 10 public characters
 * of base 32, 43 secret ones of base 64 (256 bits), and a check character over all of them. Every
 * single wrong character and every two swapped ones show, before anything is looked up (platform.md
 * 2.2).
 *
 * @param env {@code l} for live, {@code t} for test
 * @param kid the public part, which names the key
 */
public record KeyText(char env, String kid, SecretText secret) {
  private static final String BASE64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  private static final String BASE32 = "0123456789abcdefghjkmnpqrstvwxyz";
  private static final int KID = 10;
  private static final int SECRET = 43;
  private static final int HEAD = "sk-l-".length();
  private static final int LENGTH = HEAD + KID + 1 + SECRET + 1;
  private static final SecureRandom RANDOM = new SecureRandom();

  /** A new key. */
  static KeyText create(boolean test) {
    return new KeyText(test ? 't' : 'l', Ids.random(KID), newSecret());
  }

  /** The same key with another secret. */
  static KeyText again(char env, String kid) {
    return new KeyText(env, kid, newSecret());
  }

  private static SecretText newSecret() {
    byte[] bytes = new byte[32];
    RANDOM.nextBytes(bytes);
    return new SecretText(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
  }

  /** Reads a text; null when it cannot be a key, such as for a slip of the pen. */
  public static @Nullable KeyText parse(String text) {
    if (text.length() != LENGTH
        || !text.startsWith("sk-")
        || text.charAt(4) != '-'
        || text.charAt(HEAD + KID) != '-') {
      return null;
    }
    char env = text.charAt(3);
    String kid = text.substring(HEAD, HEAD + KID);
    String secret = text.substring(HEAD + KID + 1, LENGTH - 1);
    if ((env != 'l' && env != 't') || !only(BASE32, kid) || !only(BASE64, secret)) {
      return null;
    }
    KeyText key = new KeyText(env, kid, new SecretText(secret));
    return text.charAt(LENGTH - 1) == key.check() ? key : null;
  }

  private static boolean only(String alphabet, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (alphabet.indexOf(text.charAt(i)) < 0) {
        return false;
      }
    }
    return true;
  }

  /** The whole text. */
  public SecretText text() {
    return new SecretText("sk-" + env + "-" + kid + "-" + secret.reveal() + check());
  }

  /** The last four characters, which may be shown. */
  String last4() {
    String text = text().reveal();
    return text.substring(text.length() - 4);
  }

  /**
   * The value, in the field of 64 elements, of the polynomial whose coefficients are the
   * characters, at a generator of the field: its powers differ for all places.
   */
  private char check() {
    int sum = 0;
    String text = env + kid + secret.reveal();
    for (int i = 0; i < text.length(); i++) {
      sum = times2(sum) ^ BASE64.indexOf(text.charAt(i));
    }
    // Once more, so that the check character is not simply added to the last one.
    return BASE64.charAt(times2(sum));
  }

  /** Times x, modulo x⁶ + x + 1. */
  private static int times2(int a) {
    int doubled = a << 1;
    return (doubled & 64) == 0 ? doubled : doubled ^ 0x43;
  }
}
