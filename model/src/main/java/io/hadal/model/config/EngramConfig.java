package io.hadal.model.config;

import java.util.List;

/**
 * Engram n-gram memory (engram spec 2, 3).
 *
 * @param layers trunk layers that have a table, ascending
 * @param rows rows of each layer's table
 * @param maxOrder longest n-gram; orders are 2..maxOrder
 * @param vocabSize lower bound of the primes
 * @param heads hash heads of an order
 * @param headDim values of a row
 * @param padId raw token id that fills blocked places
 * @param canonicalSize canonical ids
 * @param multipliers hash multipliers (layer, lookback), layer-major; empty to compute them
 * @param primes table sizes (layer, order, head), layer-major; empty to compute them
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
    List<Integer> primes) {
  public EngramConfig {
    layers = List.copyOf(layers);
    rows = List.copyOf(rows);
    multipliers = List.copyOf(multipliers);
    primes = List.copyOf(primes);
  }

  /** With computed hash constants. */
  public EngramConfig(
      List<Integer> layers,
      List<Long> rows,
      int maxOrder,
      long vocabSize,
      int heads,
      int headDim,
      int padId,
      int canonicalSize) {
    this(
        layers,
        rows,
        maxOrder,
        vocabSize,
        heads,
        headDim,
        padId,
        canonicalSize,
        List.of(),
        List.of());
  }

  /** Rows a position reads in one layer. */
  public int columns() {
    return (maxOrder - 1) * heads;
  }

  /** Values a position reads in one layer. */
  public int width() {
    return columns() * headDim;
  }
}
