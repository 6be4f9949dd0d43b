package io.hadal.kernels.vector;

import io.hadal.kernels.BlockQuantizer;
import io.hadal.kernels.E8M0;
import io.hadal.kernels.Fp8;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Block-scaled rounding a vector at a time; blocks that no vectors fill go to {@link
 * BlockQuantizer}, value by value.
 */
final class BlockRounding {
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;

  private BlockRounding() {}

  static void roundFp8(float[] x, int offset, int n, int block) {
    int whole = wholeBlocks(n, block);
    for (int at = offset; at < offset + whole; at += block) {
      byte code = BlockQuantizer.fp8Scale(largest(x, at, block));
      gridFp8(x, at, block, BlockQuantizer.inverse(code), E8M0.decode(code));
    }
    BlockQuantizer.roundFp8(x, offset + whole, n - whole, block);
  }

  static void roundFp4(float[] x, int offset, int n, int block) {
    int whole = wholeBlocks(n, block);
    for (int at = offset; at < offset + whole; at += block) {
      byte code = BlockQuantizer.fp4Scale(largest(x, at, block));
      gridFp4(x, at, block, BlockQuantizer.inverse(code), E8M0.decode(code));
    }
    BlockQuantizer.roundFp4(x, offset + whole, n - whole, block);
  }

  static void roundFp4E4M3(float[] x, int offset, int n, int block) {
    int whole = wholeBlocks(n, block);
    for (int at = offset; at < offset + whole; at += block) {
      float scale = Fp8.decode(BlockQuantizer.fp4E4M3Scale(largest(x, at, block)));
      divideAndGridFp4(x, at, block, scale);
    }
    BlockQuantizer.roundFp4E4M3(x, offset + whole, n - whole, block);
  }

  private static int wholeBlocks(int n, int block) {
    return block % L == 0 ? n - n % block : 0;
  }

  private static float largest(float[] x, int offset, int n) {
    FloatVector largest = FloatVector.zero(F);
    for (int i = offset; i < offset + n; i += L) {
      largest = largest.max(FloatVector.fromArray(F, x, i).abs());
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  /** {@link Fp8#encode} and back by the same additions on the bits. */
  private static void gridFp8(float[] x, int offset, int n, float inverse, float scale) {
    for (int i = offset; i < offset + n; i += L) {
      IntVector bits = FloatVector.fromArray(F, x, i).mul(inverse).reinterpretAsInts();
      IntVector m = bits.and(0x7fffffff);
      IntVector r = m.add(0x7ffff).add(m.lanewise(VectorOperators.LSHR, 20).and(1)).and(0xfff00000);
      FloatVector small = m.reinterpretAsFloats().add(0x1p14f).sub(0x1p14f);
      r = r.blend(small.reinterpretAsInts(), m.compare(VectorOperators.LT, 0x3c800000));
      r = r.blend(0x43e00000, m.compare(VectorOperators.GE, 0x43e00000));
      r = r.blend(0x7fc00000, m.compare(VectorOperators.GT, 0x7f800000));
      r.or(bits.and(0x80000000)).reinterpretAsFloats().mul(scale).intoArray(x, i);
    }
  }

  /** E2M1 and back: half steps below 2, one bit of the mantissa above, ties to even. */
  private static void gridFp4(float[] x, int offset, int n, float inverse, float scale) {
    for (int i = offset; i < offset + n; i += L) {
      IntVector bits = FloatVector.fromArray(F, x, i).mul(inverse).reinterpretAsInts();
      IntVector m = bits.and(0x7fffffff);
      IntVector r =
          m.add(0x1fffff).add(m.lanewise(VectorOperators.LSHR, 22).and(1)).and(0xffc00000);
      FloatVector small = m.reinterpretAsFloats().add(0x1p22f).sub(0x1p22f);
      r = r.blend(small.reinterpretAsInts(), m.compare(VectorOperators.LT, 0x3f800000));
      r = r.blend(0x40c00000, m.compare(VectorOperators.GE, 0x40c00000));
      r.or(bits.and(0x80000000)).reinterpretAsFloats().mul(scale).intoArray(x, i);
    }
  }

  private static void divideAndGridFp4(float[] x, int offset, int n, float scale) {
    for (int i = offset; i < offset + n; i += L) {
      IntVector bits = FloatVector.fromArray(F, x, i).div(scale).reinterpretAsInts();
      IntVector m = bits.and(0x7fffffff);
      IntVector r =
          m.add(0x1fffff).add(m.lanewise(VectorOperators.LSHR, 22).and(1)).and(0xffc00000);
      FloatVector small = m.reinterpretAsFloats().add(0x1p22f).sub(0x1p22f);
      r = r.blend(small.reinterpretAsInts(), m.compare(VectorOperators.LT, 0x3f800000));
      r = r.blend(0x40c00000, m.compare(VectorOperators.GE, 0x40c00000));
      r.or(bits.and(0x80000000)).reinterpretAsFloats().mul(scale).intoArray(x, i);
    }
  }
}
