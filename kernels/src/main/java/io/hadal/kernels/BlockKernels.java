package io.hadal.kernels;

import java.util.List;

/**
 * Products of packed weights with 8-bit activations.
 *
 * <p><b>One result.</b> Within a block of 32 columns the products of integers are summed exactly.
 * Then {@code y = fma(sum, d * dx, y)} and, for types with minima, {@code y = fma(-minSum, dmin *
 * dx, y)}, blocks in ascending order from +0. The order is the same for every token count, vector
 * width, thread and implementation, so all return identical bits.
 */
public interface BlockKernels {

  /** The implementation for this JVM. */
  static BlockKernels get() {
    return KernelProvider.BLOCKS;
  }

  /** Name for reports. */
  String name();

  /** Tokens of a tile: products of many tokens are fastest when they begin at multiples of it. */
  int tile();

  /** Rows of which products of many tokens are best given a multiple. */
  default int strip() {
    return 4 * PackedMatrix.GROUP;
  }

  /** Rows that products of one or two tokens take side by side: best given a multiple. */
  default int sideBySide() {
    return 4 * PackedMatrix.GROUP;
  }

  /**
   * {@link BlockInput#begin} with what the kernels need.
   *
   * @param w one of the matrices that will be multiplied; all of them have its type
   * @param together largest number of tokens of one product
   */
  void prepare(BlockInput x, int tokens, int cols, PackedMatrix w, int together);

  /**
   * Forms of input that {@link #multiply} can take, all with the same bits; fewer than two when
   * there is no choice.
   *
   * @param together as in {@link #prepare}
   */
  default List<BlockInput.Form> forms(PackedMatrix w, int together) {
    return List.of();
  }

  /**
   * Lets {@link #prepare} take this form for matrices of this layout and about so many tokens. The
   * compiler sometimes makes a kernel many times slower than it should be, so that a start-up test
   * chooses.
   */
  default void choose(PackedMatrix w, int together, BlockInput.Form form) {}

  /**
   * {@code y[yOffset + t * yStride + r] = W[r] . x[t]} for tokens {@code fromToken <= t < toToken}
   * and rows {@code fromRow <= r < toRow}; {@code fromRow} is a multiple of 16, {@code toRow} too
   * or the last. The first token writes to {@code yOffset}.
   */
  void multiply(
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput x,
      int fromToken,
      int toToken,
      float[] y,
      int yOffset,
      int yStride);
}
