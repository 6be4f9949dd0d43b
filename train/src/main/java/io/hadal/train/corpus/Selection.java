package io.hadal.train.corpus;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Chooses among extracted documents: near duplicates go, then what shares text with the test split
 * or a benchmark (and, in training, with the validation split).
 *
 * <p>Documents are taken in the order test, validation, training, so that a training document gives
 * way to a held-out one that it is like. Memory: about 1 KB per document for signatures, 20 bytes
 * per 13-word run of held-out text.
 */
final class Selection {
  private final NearDuplicates duplicates;
  private final HeldOutGrams heldOut = new HeldOutGrams();
  private final List<Hits> hits = new ArrayList<>();
  private final List<Held> validation = new ArrayList<>();
  private final OrderedPool pool;
  private final Progress progress;

  Selection(double duplicateThreshold, OrderedPool pool, Progress progress) {
    this.duplicates = new NearDuplicates(duplicateThreshold);
    this.pool = pool;
    this.progress = progress;
  }

  /** An artifact's documents, which of them stay, and the counts after that. */
  static final class Candidates {
    final SourceList.Source source;
    final String licence;
    final Extraction extraction;
    final BitSet kept = new BitSet();
    final Tally tally = new Tally();

    Candidates(SourceList.Source source, String licence, Extraction extraction) {
      this.source = source;
      this.licence = licence;
      this.extraction = extraction;
      tally.add(extraction.tally());
    }
  }

  private record Hits(Candidates artifact, int document, int[] slots, int bytes) {}

  private record Held(Candidates artifact, int document, String text, int bytes) {}

  private record Inspected(String text, int[] signature, int[] hits, int bytes) {}

  /**
   * Decides; the result is in the candidates.
   *
   * @param benchmarks files of evaluation sets
   */
  void run(List<Candidates> candidates, List<Path> benchmarks)
      throws IOException, InterruptedException {
    for (Path file : benchmarks) {
      Benchmarks.read(file, text -> heldOut.add(text, HeldOutGrams.TEST));
    }
    long total = candidates.stream().mapToLong(c -> c.extraction.tally().bytes()).sum();
    progress.stage("comparing files", total);
    // What is held out has to be known completely before training text is looked at.
    for (Split split : List.of(Split.TEST, Split.VALID, Split.TRAIN)) {
      for (Candidates artifact : candidates) {
        if (artifact.source.split() == split) {
          inspect(artifact, split);
        }
      }
    }
    for (Hits found : hits) {
      if (heldOut.contaminated(found.slots, HeldOutGrams.TEST | HeldOutGrams.VALID)) {
        drop(found.artifact, found.document, found.bytes);
      }
    }
    for (Held held : validation) {
      if (heldOut.contaminated(heldOut.hits(held.text), HeldOutGrams.TEST)) {
        drop(held.artifact, held.document, held.bytes);
      }
    }
  }

  private void inspect(Candidates artifact, Split split) throws IOException, InterruptedException {
    int[] next = {0};
    try (DocumentReader documents = Corpus.read(artifact.extraction.documents())) {
      pool.map(
          documents,
          document ->
              new Inspected(
                  document.text(),
                  MinHash.signature(document.text()),
                  split == Split.TRAIN ? heldOut.hits(document.text()) : new int[0],
                  document.utf8Length()),
          inspected -> {
            int document = next[0]++;
            progress.advance(inspected.bytes);
            if (!duplicates.add(inspected.signature)) {
              artifact.tally.withdraw(inspected.bytes, Rejection.DUPLICATE);
              return;
            }
            artifact.kept.set(document);
            hold(artifact, split, document, inspected);
          });
    }
  }

  private void hold(Candidates artifact, Split split, int document, Inspected inspected) {
    switch (split) {
      case TEST -> heldOut.add(inspected.text, HeldOutGrams.TEST);
      case VALID -> {
        heldOut.add(inspected.text, HeldOutGrams.VALID);
        validation.add(new Held(artifact, document, inspected.text, inspected.bytes));
      }
      case TRAIN, INFILE -> {
        if (inspected.hits.length > 0) {
          heldOut.count(inspected.hits);
          hits.add(new Hits(artifact, document, inspected.hits, inspected.bytes));
        }
      }
    }
  }

  private static void drop(Candidates artifact, int document, int bytes) {
    artifact.kept.clear(document);
    artifact.tally.withdraw(bytes, Rejection.CONTAMINATED);
  }

  /** Number of 13-word runs that were kept out. */
  int heldOutRuns() {
    return heldOut.size();
  }
}
