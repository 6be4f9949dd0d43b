package io.hadal.kernels.vector;

/** Inner kernel of {@link VectorGemm}: a tile of C two vectors wide. */
interface GemmTile {
  /** As many rows as fit in the registers of this JVM's vectors. */
  GemmTile INSTANCE = Width.BITS == 512 ? new GemmTile12() : new GemmTile6();

  /** Rows of the tile. */
  int rows();

  /**
   * {@code out = A B} for rows of A that lie {@code stride} apart.
   *
   * @param b {@code [k, two vectors]}
   * @param out {@code [rows, two vectors]}
   */
  void direct(float[] a, int offset, int stride, float[] b, int bOffset, int k, float[] out);

  /** The same for {@code a = [k, rows]}. */
  void packed(float[] a, int offset, float[] b, int bOffset, int k, float[] out);
}
