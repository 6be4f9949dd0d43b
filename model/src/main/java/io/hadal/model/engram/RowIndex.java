package io.hadal.model.engram;

import io.hadal.formats.FormatException;

/** Which rows of a layer's table a position reads. Immutable. */
public sealed interface RowIndex permits EngramIndex, CodeEngramIndex {
  /** Rows of the table. */
  int rowCount();

  /** Rows looked up at one position. */
  int columns();

  /** How many positions before its own a position's rows depend on, beside its features. */
  int lookback();

  /** Name of the channel that a column belongs to: {@code T2}, {@code T3}, ... or a channel's. */
  String channel(int column);

  /** Row that must hold zeros, -1 for none. */
  int absentRow();

  /** Whether {@link #rows} looks at {@link StructuralFeatures}. */
  boolean structural();

  /**
   * Row ids of positions {@code from .. from + count - 1} of an array of canonical ids.
   *
   * <p>Looking back stops – everything further back counts as pad – before {@code start} and at a
   * {@link EngramIndex#DEAD} position; a dead position itself sees pads only.
   *
   * @param canonical canonical ids by position; at least {@link #lookback} of them, or all since
   *     {@code start}, must precede {@code from}
   * @param start first position of the document
   * @param features {@code [count, }{@link StructuralFeatures#COUNT}{@code ]} of these positions
   *     from index 0, unused unless {@link #structural}; those of dead positions are not looked at
   * @param out {@code [count, columns]} from {@code outOffset}
   */
  void rows(
      int[] canonical, int start, int from, int count, int[] features, int[] out, int outOffset);

  /**
   * Fails unless the table has exactly the rows that this index can ask for.
   *
   * @param rows rows that the configuration or the tensor has
   * @throws FormatException when they differ
   */
  default void requireRows(long rows, String source) {
    if (rows != rowCount()) {
      throw new FormatException(
          source,
          "the Engram table has "
              + rows
              + " rows, its hash constants need "
              + rowCount()
              + "; configuration and weights belong to different models");
    }
  }
}
