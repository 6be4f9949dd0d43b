package io.hadal.model.engram;

import io.hadal.kernels.Matrix;
import java.util.Arrays;
import java.util.Objects;

/**
 * A table in mapped memory: for tables that fit it. Rows are decoded when they are read; there is
 * nothing to fetch ahead.
 */
public final class MappedTable implements EngramTable {
  private final TableLayout layout;
  private final RowReader reader;
  private final LookupCounts counts = new LookupCounts();

  /**
   * @param layout tensors of a store that stays open while the table is in use
   */
  public MappedTable(TableLayout layout) {
    this.layout = layout;
    this.reader = new RowReader(layout.name, layout.width());
  }

  @Override
  public String name() {
    return layout.name;
  }

  @Override
  public int rows() {
    return layout.rows;
  }

  @Override
  public int width() {
    return layout.width();
  }

  @Override
  public Prefetch begin(int[] rows, int from, int count) {
    int[] asked = Arrays.copyOfRange(rows, from, from + count);
    for (int row : asked) {
      Objects.checkIndex(row, layout.rows);
    }
    counts.request(count, count, 0);
    return new Rows(asked);
  }

  @Override
  public EngramCounters counters() {
    return counts.snapshot();
  }

  @Override
  public void close() {
    // The memory belongs to the store.
  }

  private final class Rows implements Prefetch {
    private final int[] asked;

    Rows(int[] asked) {
      this.asked = asked;
    }

    @Override
    public int count() {
      return asked.length;
    }

    @Override
    public void read(float[] out, int outOffset) {
      for (int i = 0; i < asked.length; i++) {
        reader.decode(row(asked[i]), 0, asked[i], out, outOffset + i * layout.width());
      }
    }

    private Matrix row(int row) {
      TableFormat format = layout.format;
      int codeBytes = format.codeBytes();
      int scaleBytes = format.scaleBytes();
      long codesAt = (long) row * (layout.interleaved() ? format.rowBytes() : codeBytes);
      long scalesAt = layout.interleaved() ? codesAt + codeBytes : (long) row * scaleBytes;
      return format.matrix(
          layout.codes().asSlice(codesAt, codeBytes),
          layout.scales().asSlice(scalesAt, scaleBytes),
          1);
    }

    @Override
    public void close() {
      // Holds nothing.
    }
  }
}
