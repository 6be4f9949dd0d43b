package io.hadal.train.corpus.task;

import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.Language;
import io.hadal.train.corpus.Task;
import io.hadal.train.corpus.TaskSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Exercises from real code: at most one of each kind from a file and round. Kinds: {@code renamed}
 * (a file with other names), {@code rename}, {@code bug}, {@code security}, {@code body} (from
 * documentation), {@code test} (a class from its test).
 */
public final class SyntheticTasks implements TaskSource {
  /** Changes whenever the same files would give other exercises. */
  private static final int VERSION = 1;

  private static final List<Kind> KINDS =
      List.of(
          new Kind(RenamedVariants.QUESTION, new RenamedVariants()),
          new Kind(BugFixes.KIND, new BugFixes()),
          new Kind(SecurityCases.KIND, new SecurityCases()),
          new Kind(DocToBody.KIND, new DocToBody()));

  private record Kind(String name, Generator generator) {}

  private final long seed;

  public SyntheticTasks(long seed) {
    this.seed = seed;
  }

  @Override
  public String recipe() {
    return "tasks " + VERSION + " " + seed;
  }

  @Override
  public List<Task> ofFiles(List<Document> documents, int round) {
    List<Document> java = documents.stream().filter(d -> d.language() == Language.JAVA).toList();
    List<Optional<ParsedFile>> files = ParsedFile.of(java.stream().map(Document::text).toList());
    List<Draft> drafts = new ArrayList<>();
    for (int i = 0; i < java.size(); i++) {
      if (files.get(i).isPresent()) {
        ParsedFile file = files.get(i).get();
        Document document = java.get(i);
        for (Kind kind : KINDS) {
          drafts.addAll(kind.generator.drafts(file, random(document, kind.name, round)));
        }
      }
    }
    List<Optional<ParsedFile>> made =
        ParsedFile.of(drafts.stream().flatMap(d -> d.files().stream()).toList());
    List<Task> tasks = new ArrayList<>();
    int at = 0;
    for (Draft draft : drafts) {
      int end = at + draft.files().size();
      if (made.subList(at, end).stream().allMatch(Optional::isPresent)) {
        tasks.add(draft.task());
      }
      at = end;
    }
    return tasks;
  }

  /** Every kind has its own numbers, so that a change of one leaves the others alone. */
  private SplittableRandom random(Document document, String kind, int round) {
    double place = document.sample(seed + 31L * round);
    return new SplittableRandom(
        Double.doubleToLongBits(place) ^ Double.doubleToLongBits(Document.place(kind, seed)));
  }

  @Override
  public List<Task> ofProject(List<Document> documents, int round) {
    return TestPairs.of(documents, seed + round);
  }
}
