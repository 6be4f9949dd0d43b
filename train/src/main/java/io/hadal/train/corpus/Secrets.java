package io.hadal.train.corpus;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds what looks like a private key or an access token in a text. */
final class Secrets {
  /** A prefix that must occur before the expression, which is slower, is tried. */
  private record Form(String marker, Pattern pattern) {
    Form(String marker, String regex) {
      this(marker, Pattern.compile(regex));
    }
  }

  private static final List<Form> FORMS =
      List.of(
          new Form(
              "PRIVATE KEY",
              "-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\"\\s\\\\nr+]*[A-Za-z0-9+/=]{32}"),
          new Form("PRIVATE KEY BLOCK", "-----BEGIN PGP PRIVATE KEY BLOCK-----"),
          new Form("AKIA", "\\bAKIA[0-9A-Z]{16}\\b"),
          new Form("ASIA", "\\bASIA[0-9A-Z]{16}\\b"),
          new Form("gh", "\\bgh[pousr]_[A-Za-z0-9]{36}\\b"),
          new Form("github_pat_", "\\bgithub_pat_[A-Za-z0-9_]{60,}\\b"),
          new Form("glpat-", "\\bglpat-[A-Za-z0-9_-]{20}\\b"),
          new Form("xox", "\\bxox[abprs]-[A-Za-z0-9-]{10,}"),
          new Form("AIza", "\\bAIza[A-Za-z0-9_-]{35}\\b"),
          new Form("sk", "\\bsk[-_](live|proj|ant)[-_][A-Za-z0-9_-]{20,}"),
          new Form("npm_", "\\bnpm_[A-Za-z0-9]{36}\\b"),
          new Form("eyJ", "\\beyJ[A-Za-z0-9_-]{16,}\\.eyJ[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}"));

  /** A quoted constant assigned to something with a telling name. */
  private static final Pattern ASSIGNED =
      Pattern.compile(
          "(?i)(?:secret|api_?key|access_?key|auth_?token|passw(?:or)?d)\\w{0,20}\"?\\s{0,4}[=:,]"
              + "\\s{0,4}[\"']([A-Za-z0-9+/=_-]{24,200})[\"']");

  private static final double KEY_ENTROPY = 4.2;

  private Secrets() {}

  static boolean in(String text) {
    for (Form form : FORMS) {
      if (text.contains(form.marker) && form.pattern.matcher(text).find()) {
        return true;
      }
    }
    Matcher assigned = ASSIGNED.matcher(text);
    while (assigned.find()) {
      String value = assigned.group(1);
      if (value.chars().anyMatch(Character::isDigit) && entropy(value) >= KEY_ENTROPY) {
        return true;
      }
    }
    return false;
  }

  /** Shannon entropy in bits per character; keys have more than names. */
  static double entropy(String text) {
    int[] counts = new int[128];
    for (int i = 0; i < text.length(); i++) {
      counts[text.charAt(i) & 127]++;
    }
    double bits = 0;
    for (int count : counts) {
      if (count > 0) {
        double p = (double) count / text.length();
        bits -= p * Math.log(p) / Math.log(2);
      }
    }
    return bits;
  }
}
