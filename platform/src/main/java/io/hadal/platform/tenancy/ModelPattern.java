package io.hadal.platform.tenancy;

/** A name of models in which * stands for any text. */
public final class ModelPattern {
  private final String pattern;

  public ModelPattern(String pattern) {
    this.pattern = pattern;
  }

  /** Whether a name fits; linear but for few stars. */
  public boolean matches(String name) {
    int p = 0;
    int n = 0;
    int star = -1;
    int mark = 0;
    while (n < name.length()) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        mark = n;
      } else if (p < pattern.length() && pattern.charAt(p) == name.charAt(n)) {
        p++;
        n++;
      } else if (star >= 0) {
        p = star + 1;
        n = ++mark;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }
}
