package io.hadal.model.weights;

import io.hadal.model.engram.EngramCounters;
import io.hadal.model.engram.EngramTable;
import io.hadal.model.engram.Prefetch;
import java.util.Arrays;

/** An n-gram table some of whose rows an adapter replaces. */
final class AdaptedTable implements EngramTable {
  private final EngramTable base;
  private final Adapter.TableRows changed;

  AdaptedTable(EngramTable base, Adapter.TableRows changed) {
    this.base = base;
    this.changed = changed;
  }

  @Override
  public String name() {
    return base.name();
  }

  @Override
  public int rows() {
    return base.rows();
  }

  @Override
  public int width() {
    return base.width();
  }

  @Override
  public Prefetch begin(int[] rows, int from, int count) {
    int[] asked = Arrays.copyOfRange(rows, from, from + count);
    return new Rows(base.begin(rows, from, count), asked);
  }

  @Override
  public EngramCounters counters() {
    return base.counters();
  }

  @Override
  public void close() {
    base.close();
  }

  private final class Rows implements Prefetch {
    private final Prefetch prefetch;
    private final int[] asked;

    Rows(Prefetch prefetch, int[] asked) {
      this.prefetch = prefetch;
      this.asked = asked;
    }

    @Override
    public int count() {
      return asked.length;
    }

    @Override
    public void read(float[] out, int outOffset) {
      prefetch.read(out, outOffset);
      int n = width();
      for (int i = 0; i < asked.length; i++) {
        Integer place = changed.places().get(asked[i]);
        if (place != null) {
          System.arraycopy(changed.values(), place * n, out, outOffset + i * n, n);
        }
      }
    }

    @Override
    public void close() {
      prefetch.close();
    }
  }
}
