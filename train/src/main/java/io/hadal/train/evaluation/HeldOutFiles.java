package io.hadal.train.evaluation;

import io.hadal.train.corpus.Corpus;
import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.DocumentReader;
import io.hadal.train.corpus.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Files of a split to evaluate on, chosen by hash so that more bytes only add files. */
public final class HeldOutFiles {
  private HeldOutFiles() {}

  private record Candidate(int index, double sample, int bytes) {}

  /**
   * Chooses files.
   *
   * @param bytes most bytes together; a file that would exceed them is passed over
   * @return in the order of the corpus: project by project, imports first
   */
  public static List<Document> choose(Corpus corpus, Split split, long bytes, long seed)
      throws IOException {
    List<Document> all = new ArrayList<>();
    List<Candidate> candidates = new ArrayList<>();
    for (Path file : corpus.part(split).files()) {
      try (DocumentReader documents = Corpus.read(file)) {
        while (documents.hasNext()) {
          Document d = documents.next();
          candidates.add(new Candidate(all.size(), d.sample(seed), d.utf8Length()));
          all.add(d);
        }
      }
    }
    candidates.sort(
        Comparator.comparingDouble(Candidate::sample).thenComparingInt(Candidate::index));
    List<Integer> chosen = new ArrayList<>();
    long sum = 0;
    for (Candidate c : candidates) {
      if (sum + c.bytes() <= bytes) {
        sum += c.bytes();
        chosen.add(c.index());
      }
    }
    return chosen.stream().sorted().map(all::get).toList();
  }
}
