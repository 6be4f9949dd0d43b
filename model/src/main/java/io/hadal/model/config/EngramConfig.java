package io.hadal.model.config;

import io.hadal.model.engram.CanonicalRule;
import io.hadal.model.engram.CodeChannel;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Engram n-gram memory (engram spec 2, 3, 10).
 *
 * @param layers trunk layers that have a table, ascending
 * @param rows rows of each layer's table; empty to take what the hash constants give
 * @param maxOrder longest n-gram; orders are 2..maxOrder
 * @param vocabSize lower bound of the primes
 * @param heads hash heads of an order
 * @param headDim values of a row
 * @param padId raw token id that fills blocked places
 * @param canonicalSize canonical ids; 0 to take what the tokenizer gives
 * @param multipliers hash multipliers (layer, lookback), layer-major; empty to compute them
 * @param primes table sizes (layer, order, head), layer-major; empty to compute them
 * @param rule which tokens count as the same in the n-grams
 * @param channels lower bound of the primes of each structural channel
 * @param fusion how rows reach the streams
 */
public record EngramConfig(
    List<Integer> layers,
    List<Long> rows,
    int maxOrder,
    long vocabSize,
    int heads,
    int headDim,
    int padId,
    int canonicalSize,
    List<Long> multipliers,
    List<Integer> primes,
    CanonicalRule rule,
    SortedMap<CodeChannel, Integer> channels,
    Fusion fusion) {

  /**
   * Form of the module behind the tables.
   *
   * @param gated false to add the same value to every stream without a gate
   * @param convolution whether a short convolution follows (engram spec 3.2)
   * @param bias whether the projection has one
   * @param eps of the norms of streams and keys
   */
  public record Fusion(boolean gated, boolean convolution, boolean bias, float eps) {
    /** The released form (engram spec 3.1). */
    public static Fusion released(float eps) {
      return new Fusion(true, false, false, eps);
    }
  }

  public EngramConfig {
    layers = List.copyOf(layers);
    rows = List.copyOf(rows);
    multipliers = List.copyOf(multipliers);
    primes = List.copyOf(primes);
    channels = Collections.unmodifiableSortedMap(new TreeMap<>(channels));
  }

  /** The released form: token n-grams under the released canonical map. */
  static EngramConfig released(
      List<Integer> layers,
      List<Long> rows,
      int maxOrder,
      long vocabSize,
      int heads,
      int headDim,
      int padId,
      int canonicalSize,
      List<Long> multipliers,
      List<Integer> primes,
      float eps) {
    return new EngramConfig(
        layers,
        rows,
        maxOrder,
        vocabSize,
        heads,
        headDim,
        padId,
        canonicalSize,
        multipliers,
        primes,
        CanonicalRule.RELEASED,
        Collections.emptySortedMap(),
        Fusion.released(eps));
  }

  /** Rows a position reads in one layer. */
  public int columns() {
    return (maxOrder - 1 + channels.size()) * heads;
  }

  /** Keys of the projection: one per stream, none without gates. */
  public int keys(int streams) {
    return fusion.gated() ? streams : 0;
  }

  /** Values a position reads in one layer. */
  public int width() {
    return columns() * headDim;
  }
}
