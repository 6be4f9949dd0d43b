package io.hadal.platform.redaction;

import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keys, tokens and passwords: by the prefixes that services give theirs, private keys in PEM, web
 * tokens, and values behind words such as {@code api_key=} whose characters look random.
 */
public final class SecretDetector implements Detector {
  public static final SecretDetector INSTANCE = new SecretDetector();

  /**
   * What a service's keys begin with.
   *
   * @param least fewest characters behind the prefix
   */
  private record Prefix(String text, int least) {}

  private static final List<Prefix> PREFIXES =
      List.of(
          new Prefix("sk-ant-", 20),
          new Prefix("sk-proj-", 20),
          new Prefix("sk-live-", 20),
          new Prefix("sk-test-", 20),
          new Prefix("sk-", 20),
          new Prefix("sk_live_", 16),
          new Prefix("sk_test_", 16),
          new Prefix("rk_live_", 16),
          new Prefix("pk_live_", 16),
          new Prefix("whsec_", 16),
          new Prefix("ghp_", 30),
          new Prefix("gho_", 30),
          new Prefix("ghu_", 30),
          new Prefix("ghs_", 30),
          new Prefix("ghr_", 30),
          new Prefix("github_pat_", 30),
          new Prefix("glpat-", 18),
          new Prefix("xoxb-", 20),
          new Prefix("xoxp-", 20),
          new Prefix("xoxa-", 20),
          new Prefix("xapp-", 20),
          new Prefix("AKIA", 16),
          new Prefix("ASIA", 16),
          new Prefix("AIza", 30),
          new Prefix("ya29.", 20),
          new Prefix("hf_", 30),
          new Prefix("npm_", 30),
          new Prefix("pypi-", 40),
          new Prefix("SG.", 40),
          new Prefix("dop_v1_", 40),
          new Prefix("shpat_", 28),
          new Prefix("hvs.", 20),
          new Prefix("AGE-SECRET-KEY-1", 40));

  /** Words before a value that is secret. */
  private static final List<String> NAMES =
      List.of(
          "password",
          "passwd",
          "pwd",
          "passphrase",
          "secret_key",
          "secret",
          "token",
          "api_key",
          "apikey",
          "api-key",
          "access_key",
          "accesskey",
          "auth_token",
          "private_key",
          "client_secret",
          "credential",
          "bearer",
          "密码",
          "passwort");

  private static final String PEM = "-----BEGIN ";
  private static final int MOST = 4096;
  private static final int MOST_VALUE = 256;
  private static final int MOST_PEM = 16 << 10;
  private static final int LONGEST_NAME = 13;

  /** Bits for a character, below which a value does not look random. */
  private static final double LEAST_ENTROPY = 2.8;

  @Override
  public String kind() {
    return "SECRET";
  }

  /** Whether there is a secret in a text. */
  public boolean holds(String text) {
    boolean[] any = new boolean[1];
    find(text, _ -> any[0] = true);
    return any[0];
  }

  @Override
  public void find(String text, Consumer<Finding> found) {
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      Finding finding = null;
      if (c == '-') {
        finding = pem(text, at);
      } else if (Character.isLetter(c)) {
        if (!Around.isWord(text, at - 1)) {
          finding = prefixed(text, at);
          if (finding == null && c == 'e') {
            finding = webToken(text, at);
          }
        }
        if (finding == null) {
          finding = named(text, at);
        }
      }
      if (finding == null) {
        at++;
      } else {
        found.accept(finding);
        at = finding.end();
      }
    }
  }

  private @Nullable Finding pem(String text, int start) {
    if (!text.startsWith(PEM, start)) {
      return null;
    }
    int close = text.indexOf('\n', start);
    int header = close < 0 ? Math.min(text.length(), start + 80) : Math.min(close, start + 80);
    if (!text.substring(start, header).contains("PRIVATE KEY")) {
      return null;
    }
    int limit = Math.min(text.length(), start + MOST_PEM);
    int end = text.substring(start, limit).indexOf("-----END ");
    if (end < 0) {
      // Cut off: all of it that is there.
      return new Finding(kind(), start, limit);
    }
    int stop = start + end + 9;
    while (stop < limit && text.charAt(stop) >= ' ' && !text.startsWith("-----", stop)) {
      stop++;
    }
    return new Finding(kind(), start, Math.min(limit, stop + 5));
  }

  private @Nullable Finding prefixed(String text, int start) {
    for (Prefix prefix : PREFIXES) {
      if (text.startsWith(prefix.text(), start)) {
        int from = start + prefix.text().length();
        int end = tokenEnd(text, from, MOST_VALUE);
        if (end - from >= prefix.least() && random(text, from, end, 2.5)) {
          return new Finding(kind(), start, tokenEnd(text, from, MOST));
        }
      }
    }
    return null;
  }

  /** Three parts of base64url with points between them, of which the first is an object. */
  private @Nullable Finding webToken(String text, int start) {
    if (!text.startsWith("eyJ", start)) {
      return null;
    }
    int first = tokenEnd(text, start, MOST_VALUE);
    int dot = text.substring(start, first).indexOf('.');
    if (dot < 0) {
      return null;
    }
    int end = start + dot;
    int parts = 0;
    while (end < text.length() && end - start < MOST && isToken(text.charAt(end)) && parts <= 2) {
      parts += text.charAt(end) == '.' ? 1 : 0;
      end++;
    }
    // A sentence may end behind it.
    int stop = parts == 3 ? end - 1 : tokenEnd(text, start, end - start);
    return parts >= 2 && stop - start >= 40 ? new Finding(kind(), start, stop) : null;
  }

  /** {@code name = "value"}, {@code name: value}, {@code Bearer value}. */
  private @Nullable Finding named(String text, int start) {
    int behind = name(text, start);
    if (behind < 0) {
      return null;
    }
    int at = behind;
    boolean assigned = false;
    int limit = Math.min(text.length(), behind + 8);
    while (at < limit && " \t\"'`:=>是：".indexOf(text.charAt(at)) >= 0) {
      assigned |= ":=：是".indexOf(text.charAt(at)) >= 0;
      at++;
    }
    if (text.startsWith("is ", at) && at > behind) {
      at += 3;
      assigned = true;
    }
    boolean bearer = text.regionMatches(true, start, "bearer", 0, 6) && at > behind;
    if (!assigned && !bearer) {
      return null;
    }
    while (at < limit && "\"'`".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    int end = valueEnd(text, at, MOST_VALUE);
    int length = end - at;
    if (length < 8 || (end < text.length() && text.charAt(end) == '(')) {
      return null;
    }
    return mixed(text, at, end) && random(text, at, end, LEAST_ENTROPY)
        ? new Finding(kind(), at, valueEnd(text, at, MOST))
        : null;
  }

  /** Where a name from here ends; -1 for none. */
  private static int name(String text, int start) {
    int limit = Math.min(text.length(), start + LONGEST_NAME);
    if ("pPsStTaAcCbB密".indexOf(text.charAt(start)) < 0) {
      return -1;
    }
    String stretch = text.substring(start, limit).toLowerCase(Locale.ROOT);
    for (String name : NAMES) {
      if (stretch.startsWith(name)) {
        int behind = start + name.length();
        return name.equals("密码") || !Around.isWord(text, behind) ? behind : -1;
      }
    }
    return -1;
  }

  private static int tokenEnd(String text, int from, int most) {
    int end = from;
    while (end < text.length() && end - from < most && isToken(text.charAt(end))) {
      end++;
    }
    // A sentence may end behind it.
    while (end > from && (text.charAt(end - 1) == '.' || text.charAt(end - 1) == '-')) {
      end--;
    }
    return end;
  }

  private static boolean isToken(char c) {
    return Around.digit(c) || Around.asciiLetter(c) || c == '-' || c == '_' || c == '.';
  }

  private static int valueEnd(String text, int from, int most) {
    int end = from;
    while (end < text.length() && end - from < most) {
      char c = text.charAt(end);
      if (c <= ' ' || c > '~' || "\"'`,;()<>{}[]".indexOf(c) >= 0) {
        break;
      }
      end++;
    }
    while (end > from && (text.charAt(end - 1) == '.' || text.charAt(end - 1) == ':')) {
      end--;
    }
    return end;
  }

  /** Letters and something else, as in no word. */
  private static boolean mixed(String text, int start, int end) {
    boolean letters = false;
    boolean digits = false;
    for (int i = start; i < end; i++) {
      letters |= Around.asciiLetter(text.charAt(i));
      digits |= Around.digit(text.charAt(i));
    }
    return letters && digits;
  }

  /** Whether the characters are as unlike as those of a random text. */
  private static boolean random(String text, int start, int end, double least) {
    int[] counts = new int[128];
    int length = Math.min(end - start, MOST_VALUE);
    for (int i = start; i < start + length; i++) {
      counts[text.charAt(i) & 127]++;
    }
    double bits = 0;
    for (int count : counts) {
      if (count > 0) {
        bits -= count * Math.log((double) count / length);
      }
    }
    // Short texts cannot have many different characters.
    double most = Math.log(Math.min(length, 64)) / Math.log(2);
    return bits / length / Math.log(2) >= Math.min(least, 0.8 * most);
  }
}
