package io.hadal.train.corpus;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** How much of a file is comments, blanks aside. Broken text is measured somehow. */
final class CommentShare {
  private static final int STEPS = 10_000;

  /** What separates files with equal shares. */
  private static final double JITTER = 0.01;

  private CommentShare() {}

  /**
   * Least share of comments in documentation, so that it is no more of all files than the mix
   * wants.
   *
   * @param files of the training projects
   */
  static double bound(TrainingMix mix, List<Path> files, EncodingOptions options)
      throws IOException {
    double docs = mix.share(TrainingPart.DOCS);
    double all = docs + mix.share(TrainingPart.CODE) + mix.share(TrainingPart.PROJECT);
    if (docs == 0) {
      return mix.commentShare();
    }
    double[] bytes = new double[(int) ((1 + JITTER) * STEPS) + 1];
    double sum = 0;
    for (Path file : files) {
      try (DocumentReader reader = Corpus.read(file)) {
        while (reader.hasNext()) {
          Document document = reader.next();
          double length = document.utf8Length() * options.repeats(document.language());
          bytes[(int) (rank(document, options.seed()) * STEPS)] += length;
          sum += length;
        }
      }
    }
    double taken = 0;
    int step = bytes.length;
    while (step > 0 && step - 1 >= mix.commentShare() * STEPS && taken < sum * docs / all) {
      taken += bytes[--step];
    }
    return Math.max(mix.commentShare(), (double) step / STEPS);
  }

  /**
   * The share with a small number that belongs to the file: documentation is what ranks highest.
   */
  static double rank(Document document, long seed) {
    return of(document) + JITTER * document.sample(seed);
  }

  private static double of(Document document) {
    String text = document.text();
    boolean hash = document.language() == Language.PYTHON;
    int all = 0;
    int comment = 0;
    int i = 0;
    while (i < text.length()) {
      int end = commentEnd(text, i, hash);
      int to = end > 0 ? end : hash ? i + 1 : literalEnd(text, i);
      for (int k = i; k < to; k++) {
        if (!Character.isWhitespace(text.charAt(k))) {
          all++;
          comment += end > 0 ? 1 : 0;
        }
      }
      i = to;
    }
    return all == 0 ? 0 : (double) comment / all;
  }

  /** End of a comment that starts here, 0 when none does. Documentation strings are comments. */
  private static int commentEnd(String text, int at, boolean hash) {
    String open = hash ? "\"\"\"" : "/*";
    if (text.startsWith(open, at)) {
      int end = text.indexOf(hash ? open : "*/", at + open.length());
      return end < 0 ? text.length() : end + (hash ? 3 : 2);
    }
    if (text.startsWith(hash ? "#" : "//", at)) {
      int end = text.indexOf('\n', at);
      return end < 0 ? text.length() : end;
    }
    return 0;
  }

  /** Behind a string, which may look like a comment, or behind one character. */
  private static int literalEnd(String text, int at) {
    char quote = text.charAt(at);
    if (quote != '"' && quote != '\'') {
      return at + 1;
    }
    for (int i = at + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == quote) {
        return i + 1;
      } else if (c == '\n') {
        return i;
      }
    }
    return text.length();
  }
}
