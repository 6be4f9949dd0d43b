package io.hadal.train.evaluation;

import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.Progress;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * How completions compare with what stood there.
 *
 * @param cases completions
 * @param exact equal to the original, blanks at both ends aside
 * @param prefix mean share of the original's chars that the completion begins with
 * @param balanced brackets of the completion close what they open
 * @param compiled methods whose file compiles
 */
public record CompletionScore(int cases, int exact, double prefix, int balanced, int compiled) {
  /** Writes what belongs at a place. */
  public interface CodeWriter {
    /**
     * The completion.
     *
     * @param project files that may be looked at; the case's own file is among them and must not be
     *     used beyond prefix and suffix
     */
    String write(CompletionCase c, List<Document> project);
  }

  /** Completes cases and judges the results. */
  public static CompletionScore of(
      List<CompletionCase> list, CompletionCases source, CodeWriter writer, Progress progress) {
    progress.stage("complete", Math.max(1, list.size()));
    int exact = 0;
    double prefix = 0;
    int balanced = 0;
    int compiled = 0;
    for (CompletionCase c : list) {
      String text = writer.write(c, source.project(c));
      String expected = c.expected().strip();
      String got = text.strip();
      exact += got.equals(expected) ? 1 : 0;
      prefix += common(got, expected) / (double) Math.max(1, expected.length());
      balanced += balanced(text) ? 1 : 0;
      if (c.kind() == CompletionCase.Kind.METHOD) {
        String whole = c.prefix() + text + c.suffix();
        compiled += source.sources(c.file()).errors(c.file().path(), whole) == 0 ? 1 : 0;
      }
      progress.advance(1);
    }
    return new CompletionScore(
        list.size(), exact, list.isEmpty() ? 0 : prefix / list.size(), balanced, compiled);
  }

  private static int common(String a, String b) {
    int n = 0;
    while (n < Math.min(a.length(), b.length()) && a.charAt(n) == b.charAt(n)) {
      n++;
    }
    return n;
  }

  /** Whether brackets outside of strings and comments pair up. */
  static boolean balanced(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    TokenClass[] classes = SourceClasses.of(utf8, false);
    StringBuilder open = new StringBuilder();
    for (int i = 0; i < utf8.length; i++) {
      if (classes[i] != TokenClass.BRACKET) {
        continue;
      }
      int opening = "([{".indexOf(utf8[i]);
      if (opening >= 0) {
        open.append(")]}".charAt(opening));
      } else if (open.isEmpty() || open.charAt(open.length() - 1) != utf8[i]) {
        return false;
      } else {
        open.setLength(open.length() - 1);
      }
    }
    return open.isEmpty();
  }
}
