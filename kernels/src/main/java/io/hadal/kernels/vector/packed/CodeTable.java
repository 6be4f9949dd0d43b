package io.hadal.kernels.vector.packed;

import io.hadal.kernels.vector.Width;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Values by codes of four bits, in as many vectors as sixteen ints need. */
final class CodeTable {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;

  private CodeTable() {}

  /** Part {@code n} of a table, which narrower vectors have more of. */
  static IntVector part(float[] values, int n) {
    int[] lanes = new int[L];
    for (int i = 0; i < L; i++) {
      lanes[i] = (int) values[n * L + i & 15];
    }
    return IntVector.fromArray(I, lanes, 0);
  }

  /** As {@link #part}, bits of f32. */
  static IntVector floats(float[] values, int n) {
    int[] lanes = new int[L];
    for (int i = 0; i < L; i++) {
      lanes[i] = Float.floatToRawIntBits(values[n * L + i & 15]);
    }
    return IntVector.fromArray(I, lanes, 0);
  }

  /** Looks up the low four bits of codes in the table whose parts are given. */
  static IntVector lookup(IntVector code, IntVector t0, IntVector t1, IntVector t2, IntVector t3) {
    return switch (L) {
      case 16 -> code.selectFrom(t0);
      case 8 -> code.selectFrom(t0, t1);
      default ->
          code.selectFrom(t0, t1)
              .blend(code.selectFrom(t2, t3), code.and(8).compare(VectorOperators.NE, 0));
    };
  }
}
