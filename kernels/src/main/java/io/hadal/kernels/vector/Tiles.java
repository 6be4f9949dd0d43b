package io.hadal.kernels.vector;

/**
 * The inner loops of all matrix products: some a rows times some b rows, both f32, {@code n} a
 * multiple of 16. Sixteen lanes per product lie at {@code lanes[at + j * jStride + i * 16]} for a
 * row i and b row j; a call continues from what is there. Every width has its own small class, as
 * the compiler keeps accumulators in registers only in small loops over fixed species.
 */
interface Tiles {
  Tiles INSTANCE =
      switch (Width.BITS) {
        case 512 -> new Tiles512();
        case 256 -> new Tiles256();
        default -> new Tiles128();
      };

  void tile4x4(
      float[] a,
      int a0,
      int a1,
      int a2,
      int a3,
      float[] b,
      int b0,
      int b1,
      int b2,
      int b3,
      int n,
      float[] lanes,
      int at,
      int jStride);

  void tile4x1(
      float[] a, int a0, int a1, int a2, int a3, float[] b, int b0, int n, float[] lanes, int at);

  void tile1x1(float[] a, int a0, float[] b, int b0, int n, float[] lanes, int at);
}
