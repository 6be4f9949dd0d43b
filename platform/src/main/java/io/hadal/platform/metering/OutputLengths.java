package io.hadal.platform.metering;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;

/** How long the answers of a key and model are: what to hold for the next one. */
final class OutputLengths {
  private static final int MOST = 20_000;

  /** Four buckets for each power of two. */
  private static final int BUCKETS = 4 * 40;

  /** Then old answers count half. */
  private static final int FULL = 512;

  private record Pair(String key, String model) {}

  private static final class Histogram {
    private final int[] counts = new int[BUCKETS];
    private int total;
    private volatile long ninth;

    synchronized void add(long tokens) {
      counts[bucket(tokens)]++;
      total++;
      if (total >= FULL) {
        total = 0;
        for (int i = 0; i < BUCKETS; i++) {
          counts[i] /= 2;
          total += counts[i];
        }
      }
      int above = 0;
      int bucket = BUCKETS - 1;
      while (bucket > 0 && above + counts[bucket] <= total / 10) {
        above += counts[bucket--];
      }
      ninth = top(bucket);
    }
  }

  private final Cache<Pair, Histogram> histograms = Caffeine.newBuilder().maximumSize(MOST).build();

  private static int bucket(long tokens) {
    if (tokens < 4) {
      return (int) Math.max(0, tokens);
    }
    int exponent = 63 - Long.numberOfLeadingZeros(tokens);
    int part = (int) (tokens >>> (exponent - 2)) & 3;
    return Math.min(BUCKETS - 1, 4 * (exponent - 1) + part);
  }

  /** Largest length in a bucket. */
  private static long top(int bucket) {
    if (bucket < 4) {
      return bucket;
    }
    int exponent = bucket / 4 + 1;
    return ((long) (5 + bucket % 4) << (exponent - 2)) - 1;
  }

  void add(String key, String model, long tokens) {
    histograms.get(new Pair(key, model), pair -> new Histogram()).add(tokens);
  }

  /** Nine of ten answers were no longer, within a quarter of it; 0 before the first. */
  long ninthDecile(String key, String model) {
    Histogram histogram = histograms.getIfPresent(new Pair(key, model));
    return histogram == null ? 0 : histogram.ninth;
  }
}
