package io.hadal.cli.explain;

/** Ascending numbers with runs written as {@code 3-7}. */
final class EntryRanges {
  private EntryRanges() {}

  static String of(int[] ascending, String separator) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < ascending.length; i++) {
      int first = i;
      while (i + 1 < ascending.length && ascending[i + 1] == ascending[i] + 1) {
        i++;
      }
      out.append(out.isEmpty() ? "" : separator).append(ascending[first]);
      if (i > first) {
        out.append('-').append(ascending[i]);
      }
    }
    return out.toString();
  }
}
