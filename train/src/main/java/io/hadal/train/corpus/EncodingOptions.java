package io.hadal.train.corpus;

import java.util.EnumMap;
import java.util.Map;

/**
 * How documents become tokens. All shares hold for training documents only; the other splits are
 * encoded as they are.
 *
 * @param fimRate share of documents in fill-in-the-middle form
 * @param spmShare share of the PSM and SPM forms that is SPM
 * @param shortShare share of the holes that have 80 characters at most
 * @param fimWindow length in characters of the pieces a fill-in document is cut into first, so that
 *     prefix, hole and suffix meet within one training context
 * @param nameRate share of documents that begin with the names of their project and file
 * @param mix how often the documents of a language are repeated, 1 where nothing is said; fractions
 *     take a part of the documents
 * @param seed of all choices
 * @param threads threads that encode
 */
public record EncodingOptions(
    double fimRate,
    double spmShare,
    double shortShare,
    int fimWindow,
    double nameRate,
    Map<Language, Double> mix,
    long seed,
    int threads) {
  private static final double MAX_REPEATS = 100;
  private static final int LEAST_WINDOW = 64;

  public EncodingOptions {
    share("fill-in rate", fimRate);
    share("SPM share", spmShare);
    share("share of short holes", shortShare);
    share("name rate", nameRate);
    if (fimWindow < LEAST_WINDOW) {
      throw new IllegalArgumentException(
          "the fill-in window must have " + LEAST_WINDOW + " characters or more, not " + fimWindow);
    }
    mix.forEach(
        (language, repeats) -> {
          if (!(repeats >= 0 && repeats <= MAX_REPEATS)) {
            throw new IllegalArgumentException(
                "the mix must repeat " + language.label() + " 0 to 100 times, not " + repeats);
          }
        });
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be 1 or more, not " + threads);
    }
    mix = mix.isEmpty() ? Map.of() : Map.copyOf(new EnumMap<>(mix));
  }

  private static void share(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException("the " + name + " must lie in 0 to 1, not at " + value);
    }
  }

  /** Half of the documents as fill-in windows of 1,500 characters, a tenth of those SPM. */
  public static EncodingOptions defaults() {
    return new EncodingOptions(
        0.5, 0.1, 0, 1500, 0.25, Map.of(), 1, Runtime.getRuntime().availableProcessors());
  }

  /** How often training files are gone through so that every language gets its repetitions. */
  int passes() {
    double most = 1;
    for (Language language : Language.values()) {
      most = Math.max(most, repeats(language));
    }
    return (int) Math.ceil(most);
  }

  /** Whether a training file is used in a pass. */
  boolean taken(Document document, int pass) {
    double left = repeats(document.language()) - pass;
    return left >= 1 || document.sample(seed + pass) < left;
  }

  double repeats(Language language) {
    return mix.getOrDefault(language, 1.0);
  }
}
