package io.hadal.train.evaluation;

import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.EncodedSplit;
import io.hadal.train.corpus.Progress;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A static n-gram model with interpolated absolute discounting (Ney, Essen and Kneser 1994), as a
 * yardstick: what counting gives.
 *
 * <p>{@code p_k(w | h) = max(c(h w) - D_k, 0) / c(h) + D_k n(h) / c(h) p_{k-1}(w | h')}, where h
 * are the k - 1 tokens before, n(h) the number of different tokens seen behind h, h' is h without
 * its first token, p_0 is uniform, and D_k = n1 / (n1 + 2 n2) from the numbers of sequences of k
 * tokens seen once and twice. Sequences do not go across samples. Every order comes out of one
 * pass.
 */
public final class NgramModel {
  public static final int MAX_ORDER = 8;

  private final int order;
  private final int vocabularySize;
  // [k]: sequences of k tokens, hashed from the last to the first; [0] holds the empty one.
  private final GramTable[] tables;
  private final double[] discounts;
  private long tokens;

  private static final long EMPTY = 1;

  private NgramModel(int order, int vocabularySize) {
    this.order = order;
    this.vocabularySize = vocabularySize;
    this.tables = new GramTable[order + 1];
    for (int k = 0; k <= order; k++) {
      tables[k] = new GramTable(k < order);
    }
    this.discounts = new double[order + 1];
  }

  /**
   * Counts the sequences of a split.
   *
   * @param order longest sequences, 1 to {@value #MAX_ORDER}
   * @param most about how many tokens to count; samples are chosen by {@code seed}
   */
  public static NgramModel count(
      EncodedSplit split, int vocabularySize, int order, long most, long seed, Progress progress) {
    if (order < 1 || order > MAX_ORDER) {
      throw new IllegalArgumentException("order must lie in 1 to " + MAX_ORDER);
    }
    NgramModel model = new NgramModel(order, vocabularySize);
    double share = split.tokens() <= most ? 1 : (double) most / split.tokens();
    progress.stage("counting", Math.min(most, split.tokens()));
    SplittableRandom random = new SplittableRandom(seed);
    int[] ids = new int[0];
    for (long d = 0; d < split.documents(); d++) {
      if (share < 1 && random.nextDouble() >= share) {
        continue;
      }
      long start = split.documentStart(d);
      int length = Math.toIntExact(split.documentStart(d + 1) - start);
      if (ids.length < length) {
        ids = new int[length * 2];
      }
      split.read(start, ids, 0, length);
      model.add(ids, length);
      progress.advance(length);
    }
    model.finish();
    return model;
  }

  /** Counts a sample. As a context a sequence counts like itself: only the end ends a sample. */
  private void add(int[] ids, int length) {
    long[] before = new long[order + 1];
    long[] keys = new long[order + 1];
    keys[0] = EMPTY;
    before[0] = EMPTY;
    for (int i = 0; i < length; i++) {
      tables[0].add(EMPTY);
      for (int k = 1; k <= Math.min(order, i + 1); k++) {
        keys[k] = GramTable.hash(keys[k - 1], ids[i - k + 1]);
        if (tables[k].add(keys[k]) == 1) {
          tables[k - 1].follower(before[k - 1]);
        }
      }
      System.arraycopy(keys, 0, before, 0, keys.length);
    }
    tokens += length;
  }

  private void finish() {
    for (int k = 1; k <= order; k++) {
      double once = tables[k].counted(1);
      double twice = tables[k].counted(2);
      discounts[k] = once == 0 ? 0.5 : once / (once + 2 * twice);
    }
  }

  /**
   * Probabilities of a token under the orders up to this one.
   *
   * @param ids tokens; {@code ids[at]} is the predicted one, what is before it the context
   * @param into {@code [k]} gets the probability under order k; [0] is uniform
   */
  void probabilities(int[] ids, int at, double[] into) {
    double p = 1.0 / vocabularySize;
    into[0] = p;
    long context = EMPTY;
    long sequence = GramTable.hash(EMPTY, ids[at]);
    boolean known = true;
    for (int k = 1; k <= order; k++) {
      if (k > 1) {
        known = known && at >= k - 1;
        if (known) {
          context = GramTable.hash(context, ids[at - k + 1]);
          sequence = GramTable.hash(sequence, ids[at - k + 1]);
        }
      }
      int place = known ? tables[k - 1].find(context) : -1;
      int total = place < 0 ? 0 : tables[k - 1].count(place);
      int different = place < 0 ? 0 : tables[k - 1].followers(place);
      if (different > 0) {
        int found = tables[k].find(sequence);
        double seen = found < 0 ? 0 : Math.max(tables[k].count(found) - discounts[k], 0);
        p = (seen + discounts[k] * different * p) / total;
      }
      into[k] = p;
    }
  }

  /**
   * Code length of texts.
   *
   * @param bits {@code [k]}: of all tokens but the first of each text, the end included, under
   *     order k
   */
  public record Result(long tokens, long bytes, double[] bits) {}

  /** Measures files, each from beginning to end of sequence. */
  public Result measure(List<Document> files, Tokenizer tokenizer, Progress progress) {
    progress.stage("bits per byte", files.stream().mapToLong(Document::utf8Length).sum());
    double[] bits = new double[order + 1];
    double[] p = new double[order + 1];
    long predicted = 0;
    long bytes = 0;
    for (Document document : files) {
      int[] ids = BitsPerByte.encode(tokenizer, document.text());
      for (int at = 1; at < ids.length; at++) {
        probabilities(ids, at, p);
        for (int k = 0; k <= order; k++) {
          bits[k] -= Math.log(p[k]) / Math.log(2);
        }
      }
      predicted += ids.length - 1;
      bytes += document.utf8Length();
      progress.advance(document.utf8Length());
    }
    return new Result(predicted, bytes, bits);
  }

  /** Longest sequences. */
  public int order() {
    return order;
  }

  /** Number of tokens that were counted. */
  public long tokens() {
    return tokens;
  }

  /** Number of different sequences that are stored. */
  public long sequences() {
    long sum = 0;
    for (GramTable table : tables) {
      sum += table.size();
    }
    return sum;
  }
}
