package io.hadal.kernels.vector.packed;

import io.hadal.kernels.BlockInput;
import jdk.incubator.vector.IntVector;

/** Blocks whose weights are multiplied in 16-bit lanes, two columns of a row side by side. */
abstract class ShortProducts extends ShortBlocks {
  private static final int TOKENS = ShortTile.TOKENS;

  /** Bytes of the sums of a tile. */
  static final int TILE = TOKENS * ShortProduct.TOKEN;

  /** Pairs of columns whose products fit 16 bits. */
  private final int pairs;

  private final Scratch products = new Scratch(2 * TILE / 4);
  private final int[] columns = new int[16 * TOKENS];
  private final float[] token = new float[2 * TOKENS];

  ShortProducts(int pairs) {
    this.pairs = pairs;
  }

  /**
   * Adds sums of products under their scales.
   *
   * @param p address of the block's weights and scales
   * @param products address of sums, two groups a token, {@link #TILE} bytes for so many pairs of
   *     columns
   * @param tokens tokens of the tile
   * @param token scales and negative sums of the codes, {@link ShortTile#TOKENS} each
   * @param sums address of the rows' sums
   */
  abstract void scaled(long p, long products, int tokens, float[] token, long sums);

  @Override
  final void add(
      BlockInput x, int from, int tokens, int b, long ready, int pairsOfGroups, long sums) {
    for (int t = 0; t < tokens; t += TOKENS) {
      int count = Math.min(TOKENS, tokens - t);
      for (int i = 0; i < count; i++) {
        int block = (from + t + i) * x.blocks() + b;
        token[i] = x.scales()[block];
        token[TOKENS + i] = -(x.sums()[2 * block] + x.sums()[2 * block + 1]);
        IntVector.fromArray(IntVector.SPECIES_512, x.pairs(), 16 * block)
            .intoArray(columns, 16 * i);
      }
      for (int pair = 0; pair < pairsOfGroups; pair++) {
        long p = ready + pair * BYTES;
        for (int k = 0; k < 16; k += pairs) {
          ShortTile.products(p, columns, k, k + pairs, products.address() + k / pairs * TILE);
        }
        scaled(
            p,
            products.address(),
            count,
            token,
            sums + (long) (pair * tokens + t) * ShortProduct.TOKEN);
      }
    }
  }
}
