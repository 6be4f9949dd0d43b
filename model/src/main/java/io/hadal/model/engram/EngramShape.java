package io.hadal.model.engram;

import io.hadal.formats.FormatException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What determines every hash constant of a model (engram spec 2.2, 2.3).
 *
 * @param layerIds zero-based layers that have a module, in the order of the configuration
 * @param maxOrder longest n-gram; the orders are 2 .. maxOrder
 * @param heads hash heads of each order
 * @param bucketSizes smallest table size of a head, one per order
 * @param canonicalSize number of canonical ids
 */
public record EngramShape(
    List<Integer> layerIds, int maxOrder, int heads, List<Integer> bucketSizes, int canonicalSize) {
  private static final int MAX_LAYERS = 1024;
  private static final int MAX_ORDER = 16;
  private static final int MAX_HEADS = 256;
  private static final int MAX_BUCKETS = 1 << 16;

  public EngramShape {
    layerIds = List.copyOf(layerIds);
    bucketSizes = List.copyOf(bucketSizes);
  }

  /** The released form: the same bucket size for every order. */
  public static EngramShape uniform(
      List<Integer> layerIds, int maxOrder, int heads, int bucketSize, int canonicalSize) {
    int orders = Math.clamp(maxOrder - 1, 1, MAX_ORDER);
    return new EngramShape(
        layerIds, maxOrder, heads, Collections.nCopies(orders, bucketSize), canonicalSize);
  }

  public int orders() {
    return maxOrder - 1;
  }

  /** Rows looked up at one position: (order, head), order-major. */
  public int columns() {
    return orders() * heads;
  }

  /**
   * Computes the row index of each layer.
   *
   * @param pad canonical id that stands for blocked positions
   * @param source file name for error messages
   * @return one per layer, in the order of {@link #layerIds}
   * @throws FormatException when the shape is out of bounds
   */
  public List<EngramIndex> indexes(int pad, String source) {
    check(source);
    PrimeSearch search = new PrimeSearch(source);
    List<EngramIndex> indexes = new ArrayList<>();
    for (int layer : layerIds) {
      indexes.add(index(layer, search, pad, source));
    }
    return List.copyOf(indexes);
  }

  EngramIndex index(int layer, PrimeSearch search, int pad, String source) {
    int[] primes = new int[columns()];
    for (int order = 0; order < orders(); order++) {
      search.next(bucketSizes.get(order), heads, primes, order * heads);
    }
    long[] multipliers = multipliers(10007L * layer, maxOrder, canonicalSize);
    return EngramIndex.of(heads, multipliers, primes, pad, canonicalSize, source);
  }

  /** Odd multipliers that keep {@code id * multiplier} below 2^63 for every canonical id. */
  static long[] multipliers(long seed, int count, int canonicalSize) {
    Pcg64 random = new Pcg64(seed);
    long bound = Long.MAX_VALUE / canonicalSize / 2;
    long[] multipliers = new long[count];
    for (int s = 0; s < count; s++) {
      multipliers[s] = 2 * random.nextLong(bound) + 1;
    }
    return multipliers;
  }

  void check(String source) {
    require(!layerIds.isEmpty() && layerIds.size() <= MAX_LAYERS, source, "Engram layers");
    for (int layer : layerIds) {
      require(layer >= 0, source, "Engram layer id " + layer);
    }
    require(maxOrder >= 2 && maxOrder <= MAX_ORDER, source, "Engram n-gram size " + maxOrder);
    require(heads >= 1 && heads <= MAX_HEADS, source, "number of Engram heads " + heads);
    require(
        (long) layerIds.size() * columns() <= MAX_BUCKETS,
        source,
        "number of Engram buckets " + (long) layerIds.size() * columns());
    require(
        bucketSizes.size() == orders(),
        source,
        bucketSizes.size() + " Engram bucket sizes for " + orders() + " orders:");
    for (int size : bucketSizes) {
      require(size >= 1, source, "Engram bucket size " + size);
    }
    require(
        canonicalSize >= 1 && canonicalSize <= CanonicalMap.MAX_SIZE,
        source,
        "canonical vocabulary of " + canonicalSize);
  }

  private static void require(boolean good, String source, String what) {
    if (!good) {
      throw new FormatException(source, what + " out of range; check the Engram configuration");
    }
  }
}
