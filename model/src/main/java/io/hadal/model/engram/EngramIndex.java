package io.hadal.model.engram;

import io.hadal.formats.FormatException;
import java.util.Arrays;
import java.util.Objects;

/**
 * Row ids of one layer's table (engram spec 2.1, 2.4). Immutable; the rows of a position depend on
 * its canonical id and the {@link #lookback} ids before it only, so a sequence needs no other state
 * than its ids, and cutting or forking these is all that a rollback or fork takes.
 */
public final class EngramIndex implements RowIndex {
  /** Canonical id of a position that takes no part, such as one of an image. */
  public static final int DEAD = -1;

  private final int heads;
  private final long[] multipliers;
  private final int[] primes;
  private final int[] offsets;
  private final int pad;
  private final int rowCount;

  private EngramIndex(
      int heads, long[] multipliers, int[] primes, int[] offsets, int pad, int rowCount) {
    this.heads = heads;
    this.multipliers = multipliers;
    this.primes = primes;
    this.offsets = offsets;
    this.pad = pad;
    this.rowCount = rowCount;
  }

  /**
   * An index from stored constants; {@link EngramShape#indexes} computes them.
   *
   * @param multipliers one per lookback, 0 .. maxOrder - 1
   * @param primes table size of each (order, head), order-major
   * @param pad canonical id that stands for blocked positions
   * @param canonicalSize number of canonical ids
   * @param source file name for error messages
   * @throws FormatException when rows could leave the table or the counts do not fit
   */
  public static EngramIndex of(
      int heads, long[] multipliers, int[] primes, int pad, int canonicalSize, String source) {
    int orders = multipliers.length - 1;
    if (heads < 1 || orders < 1 || (long) orders * heads != primes.length) {
      throw new FormatException(
          source,
          primes.length
              + " Engram table sizes do not fit "
              + multipliers.length
              + " multipliers and "
              + heads
              + " heads");
    }
    if (pad < 0 || pad >= canonicalSize) {
      throw new FormatException(
          source, "Engram pad id " + pad + " is outside 0.." + (canonicalSize - 1));
    }
    for (long m : multipliers) {
      if (m < 1 || m > Long.MAX_VALUE / canonicalSize) {
        throw new FormatException(
            source,
            "Engram multiplier " + m + " overflows with " + canonicalSize + " canonical ids");
      }
    }
    int[] offsets = new int[primes.length];
    long total = 0;
    for (int c = 0; c < primes.length; c++) {
      if (primes[c] < 1) {
        throw new FormatException(source, "Engram table size " + primes[c] + " is not positive");
      }
      offsets[c] = (int) total;
      total += primes[c];
      if (total > Integer.MAX_VALUE) {
        throw new FormatException(source, "an Engram table has more than 2^31 - 1 rows");
      }
    }
    return new EngramIndex(heads, multipliers.clone(), primes.clone(), offsets, pad, (int) total);
  }

  @Override
  public int rowCount() {
    return rowCount;
  }

  @Override
  public int columns() {
    return primes.length;
  }

  @Override
  public int lookback() {
    return multipliers.length - 1;
  }

  /** Canonical id that stands for blocked positions. */
  public int pad() {
    return pad;
  }

  public long[] multipliers() {
    return multipliers.clone();
  }

  /** Table size of each (order, head), order-major. */
  public int[] primes() {
    return primes.clone();
  }

  /** As {@link RowIndex#rows}, which is the same without features. */
  public void rows(int[] canonical, int start, int from, int count, int[] out, int outOffset) {
    Objects.checkFromIndexSize(from, count, canonical.length);
    Objects.checkFromIndexSize(outOffset, Math.multiplyExact(count, columns()), out.length);
    if (start < 0 || start > from) {
      throw new IllegalArgumentException("document starts at " + start + " after " + from);
    }
    int o = outOffset;
    for (int i = from; i < from + count; i++) {
      boolean blocked = canonical[i] < 0;
      long roll = (blocked ? pad : canonical[i]) * multipliers[0];
      int column = 0;
      for (int s = 1; s < multipliers.length; s++) {
        blocked = blocked || i - s < start || canonical[i - s] < 0;
        roll ^= (blocked ? pad : canonical[i - s]) * multipliers[s];
        for (int head = 0; head < heads; head++) {
          out[o++] = (int) (roll % primes[column]) + offsets[column];
          column++;
        }
      }
    }
  }

  @Override
  public String channel(int column) {
    return "T" + (2 + column / heads);
  }

  @Override
  public int absentRow() {
    return -1;
  }

  @Override
  public boolean structural() {
    return false;
  }

  @Override
  public void rows(
      int[] canonical, int start, int from, int count, int[] features, int[] out, int outOffset) {
    rows(canonical, start, from, count, out, outOffset);
  }

  @Override
  public String toString() {
    return "EngramIndex[rows="
        + rowCount
        + ", columns="
        + columns()
        + ", primes="
        + Arrays.toString(primes)
        + "]";
  }
}
