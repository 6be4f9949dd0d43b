package io.hadal.kernels.vector;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.InputQuantizer;
import io.hadal.kernels.scalar.ScalarInputQuantizer;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Rounding of inputs on the Vector API; bits as {@link ScalarInputQuantizer}. */
public final class VectorInputQuantizer implements InputQuantizer {
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Byte> B = Width.B;
  private static final int L = Width.LENGTH;
  private static final int INFINITY = 0x7f800000;

  private final ScalarInputQuantizer scalar = new ScalarInputQuantizer();

  @Override
  public void quantize(
      float[] x,
      int offset,
      int blocks,
      byte[] codes,
      int codesAt,
      float[] scales,
      int scalesAt,
      int[] sums,
      int sumsAt) {
    if (L < 8) {
      scalar.quantize(x, offset, blocks, codes, codesAt, scales, scalesAt, sums, sumsAt);
      return;
    }
    for (int b = 0; b < blocks; b++) {
      int at = offset + BLOCK * b;
      int to = codesAt + BLOCK * b;
      // As bits, magnitudes have the order of integers, NaN above infinity.
      float largest = Float.intBitsToFloat(largest(x, at));
      if (!(largest < Float.POSITIVE_INFINITY) || largest < BlockInput.LEAST) {
        Arrays.fill(codes, to, to + BLOCK, (byte) 0);
        scales[scalesAt + b] = largest < BlockInput.LEAST ? 0 : Float.NaN;
        sums[sumsAt + 2 * b] = 0;
        sums[sumsAt + 2 * b + 1] = 0;
      } else {
        scales[scalesAt + b] = largest / 127;
        codes(x, at, 127 / largest, codes, to, sums, sumsAt + 2 * b);
      }
    }
  }

  private static int largest(float[] x, int at) {
    IntVector most = FloatVector.fromArray(F, x, at).reinterpretAsInts().and(0x7fffffff);
    for (int i = L; i < BLOCK; i += L) {
      most = most.max(FloatVector.fromArray(F, x, at + i).reinterpretAsInts().and(0x7fffffff));
    }
    return Math.min(INFINITY, most.reduceLanes(VectorOperators.MAX));
  }

  private static void codes(
      float[] x, int at, float inverse, byte[] codes, int to, int[] sums, int sumsAt) {
    for (int h = 0; h < 2; h++) {
      int sum = 0;
      for (int i = BLOCK / 2 * h; i < BLOCK / 2 * (h + 1); i += L) {
        IntVector code =
            FloatVector.fromArray(F, x, at + i)
                .mul(inverse)
                .add(BlockInput.ROUND)
                .reinterpretAsInts()
                .sub(BlockInput.ROUND_BITS);
        sum += code.reduceLanes(VectorOperators.ADD);
        ((ByteVector) code.convertShape(VectorOperators.I2B, B, 0)).intoArray(codes, to + i);
      }
      sums[sumsAt + h] = sum;
    }
  }
}
