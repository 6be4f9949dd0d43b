package io.hadal.train.evaluation;

import io.hadal.train.corpus.Corpus;
import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.DocumentReader;
import io.hadal.train.corpus.Language;
import io.hadal.train.corpus.Progress;
import io.hadal.train.corpus.Split;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Chooses places of held-out Java files, at most one of a kind in a file. */
public final class CompletionCases {
  private static final int MIN_PREFIX = 200;
  private static final int MIN_LINE = 8;
  private static final int MAX_LINE = 120;
  private static final int MIN_HOLE = 3;
  private static final int MAX_HOLE = 40;
  private static final int MIN_BODY = 10;
  private static final int MAX_BODY = 400;

  private final Map<String, List<Document>> projects = new HashMap<>();
  private final Map<String, JavaSources> sources = new HashMap<>();
  private final List<Document> order;
  private final long seed;

  /** Reads the Java files of a split. */
  public CompletionCases(Corpus corpus, Split split, long seed) throws IOException {
    this.seed = seed;
    List<Document> all = new ArrayList<>();
    for (Path file : corpus.part(split).files()) {
      try (DocumentReader documents = Corpus.read(file)) {
        while (documents.hasNext()) {
          Document d = documents.next();
          if (d.language() == Language.JAVA) {
            all.add(d);
            projects.computeIfAbsent(d.project(), p -> new ArrayList<>()).add(d);
          }
        }
      }
    }
    all.sort(Comparator.comparingDouble((Document d) -> d.sample(seed)));
    this.order = List.copyOf(all);
  }

  /** The files of a case's project. */
  public List<Document> project(CompletionCase c) {
    return projects.getOrDefault(c.file().project(), List.of());
  }

  JavaSources sources(Document d) {
    return sources.computeIfAbsent(
        d.project(), p -> new JavaSources(projects.getOrDefault(p, List.of())));
  }

  /**
   * Chooses cases.
   *
   * @param count most cases; fewer when the split has fewer files
   */
  public List<CompletionCase> choose(CompletionCase.Kind kind, int count, Progress progress) {
    progress.stage("choose " + count + " of " + kind, count);
    List<CompletionCase> cases = new ArrayList<>();
    for (Document d : order) {
      if (cases.size() == count) {
        break;
      }
      SplittableRandom random =
          new SplittableRandom(
              seed * 31 + Double.doubleToLongBits(d.sample(seed)) + kind.ordinal());
      int before = cases.size();
      if (kind == CompletionCase.Kind.METHOD) {
        method(d, random, cases);
      } else {
        line(kind, d, random, cases);
      }
      progress.advance(cases.size() - before);
    }
    return cases;
  }

  private void method(Document d, SplittableRandom random, List<CompletionCase> cases) {
    List<JavaSources.Body> bodies =
        sources(d).methods(d.path(), d.text()).stream()
            .filter(b -> b.start() >= MIN_PREFIX)
            .filter(b -> b.end() - b.start() <= MAX_BODY)
            .filter(b -> d.text().substring(b.start(), b.end()).strip().length() >= MIN_BODY)
            .toList();
    // A file that needs foreign classes cannot tell a right body from a wrong one.
    if (!bodies.isEmpty() && sources(d).errors(d.path(), d.text()) == 0) {
      JavaSources.Body body = bodies.get(random.nextInt(bodies.size()));
      cases.add(new CompletionCase(CompletionCase.Kind.METHOD, d, body.start(), body.end()));
    }
  }

  private static void line(
      CompletionCase.Kind kind, Document d, SplittableRandom random, List<CompletionCase> cases) {
    List<int[]> lines = codeLines(d.text());
    if (lines.isEmpty()) {
      return;
    }
    int[] line = lines.get(random.nextInt(lines.size()));
    int start = line[0];
    int end = line[1];
    if (kind == CompletionCase.Kind.HOLE) {
      int text = start;
      while (d.text().charAt(text) == ' ' || d.text().charAt(text) == '\t') {
        text++;
      }
      int length = Math.min(MAX_HOLE, random.nextInt(MIN_HOLE, end - text + 1));
      start = text + random.nextInt(end - text - length + 1);
      end = start + length;
    }
    cases.add(new CompletionCase(kind, d, start, end));
  }

  /** Start and end of lines that are code, of ordinary length, outside of the imports. */
  private static List<int[]> codeLines(String text) {
    // Classes are by byte; offsets agree as long as all is ASCII.
    if (!StandardCharsets.US_ASCII.newEncoder().canEncode(text)) {
      return List.of();
    }
    TokenClass[] classes = SourceClasses.of(text.getBytes(StandardCharsets.US_ASCII), false);
    List<int[]> lines = new ArrayList<>();
    int start = 0;
    while (start < text.length()) {
      int end = text.indexOf('\n', start);
      end = end < 0 ? text.length() : end;
      String line = text.substring(start, end).strip();
      int first = start + Math.max(0, text.substring(start, end).indexOf(line));
      if (start >= MIN_PREFIX
          && line.length() >= MIN_LINE
          && line.length() <= MAX_LINE
          && classes[first] != TokenClass.COMMENT
          && !line.startsWith("import ")
          && !line.startsWith("package ")) {
        lines.add(new int[] {start, first + line.length()});
      }
      start = end + 1;
    }
    return lines;
  }
}
