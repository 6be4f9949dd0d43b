package io.hadal.train.graph;

/**
 * The n-gram memory of one layer, as far as the graph has to know it.
 *
 * @param layer trunk layer that it goes before
 * @param columns rows looked up for a token
 * @param rowWidth values of a row
 * @param rowCount rows of the table
 * @param absentRow row that stays zero, -1 for none
 * @param gated whether every stream has a gate; else the value is added as it is
 * @param projectionBias whether the projection has a bias
 * @param normEps epsilon of the norms in the gates
 * @param ids finds the rows
 */
public record EngramModule(
    int layer,
    int columns,
    int rowWidth,
    int rowCount,
    int absentRow,
    boolean gated,
    boolean projectionBias,
    float normEps,
    RowIds ids) {

  /** Rows of a document's tokens; safe for concurrent use. */
  @FunctionalInterface
  public interface RowIds {
    /**
     * Row ids of a whole span.
     *
     * @param tokens ids of the span
     * @param out {@code [tokens, columns]} from {@code offset}
     */
    void find(int[] tokens, int[] out, int offset);
  }

  /** Values a token looks up. */
  int width() {
    return columns * rowWidth;
  }
}
