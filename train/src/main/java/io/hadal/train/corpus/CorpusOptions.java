package io.hadal.train.corpus;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a corpus.
 *
 * @param maxFileBytes largest source file
 * @param duplicateThreshold estimated Jaccard similarity from which on a file is a duplicate
 * @param infileShare share of the training projects' files that is kept out of training
 * @param seed chooses those files
 * @param benchmarks folder of evaluation sets, {@code *.jsonl.gz}, to keep out; null for none
 * @param maven name or path of the Maven command
 * @param offline whether Maven may use its local repository only
 * @param threads threads that read and compare files
 */
public record CorpusOptions(
    int maxFileBytes,
    double duplicateThreshold,
    double infileShare,
    long seed,
    @Nullable Path benchmarks,
    String maven,
    boolean offline,
    int threads) {
  private static final int MAX_FILE_BYTES = 1 << 20;

  public CorpusOptions {
    if (maxFileBytes < 1 || maxFileBytes > MAX_FILE_BYTES) {
      throw new IllegalArgumentException(
          "the largest file must have 1 to " + MAX_FILE_BYTES + " bytes, not " + maxFileBytes);
    }
    if (!(duplicateThreshold > 0 && duplicateThreshold <= 1)) {
      throw new IllegalArgumentException(
          "the duplicate threshold must lie above 0 and up to 1, not at " + duplicateThreshold);
    }
    if (!(infileShare >= 0 && infileShare < 1)) {
      throw new IllegalArgumentException(
          "the share of held-out files must be 0 or more and below 1, not " + infileShare);
    }
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be 1 or more, not " + threads);
    }
  }

  /** Files up to 100 KB, duplicates from 0.8, half a percent of files held out, online. */
  public static CorpusOptions defaults() {
    return new CorpusOptions(
        100_000, 0.8, 0.005, 1, null, "mvn", false, Runtime.getRuntime().availableProcessors());
  }
}
