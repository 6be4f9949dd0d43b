package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Folds the lanes of sixteen dots at once: halves of two dots are put side by side in one vector
 * before they are added, then quarters of four, and so on. The sums are those of {@link
 * io.hadal.kernels.scalar.Lanes#fold}.
 */
final class LaneFold {
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;

  private static final VectorMask<Float> M8 = upper(8);
  private static final VectorMask<Float> M4 = upper(4);
  private static final VectorMask<Float> M2 = upper(2);
  private static final VectorMask<Float> M1 = upper(1);
  private static final VectorShuffle<Float> S8 = swap(8);
  private static final VectorShuffle<Float> S4 = swap(4);
  private static final VectorShuffle<Float> S2 = swap(2);
  private static final VectorShuffle<Float> S1 = swap(1);

  private LaneFold() {}

  /** Every second group of {@code n} lanes. */
  private static VectorMask<Float> upper(int n) {
    boolean[] bits = new boolean[L];
    for (int i = 0; i < L; i++) {
      bits[i] = (i & n) != 0;
    }
    return VectorMask.fromArray(F, bits, 0);
  }

  /** Exchanges neighbouring groups of {@code n} lanes. */
  private static VectorShuffle<Float> swap(int n) {
    return VectorShuffle.fromOp(F, i -> (i ^ n) & (L - 1));
  }

  /**
   * @param lanes sixteen per dot, one dot after the other
   * @param out sixteen sums from {@code outAt}
   */
  static void fold(float[] lanes, int at, float[] out, int outAt) {
    if (L == 16) {
      fold512(lanes, at, out, outAt);
    } else if (L == 8) {
      fold256(lanes, at, out, outAt);
      fold256(lanes, at + 128, out, outAt + 8);
    } else {
      for (int i = 0; i < 4; i++) {
        fold128(lanes, at + 64 * i, out, outAt + 4 * i);
      }
    }
  }

  private static void fold512(float[] lanes, int at, float[] out, int outAt) {
    FloatVector a0 = FloatVector.fromArray(F, lanes, at);
    FloatVector b0 = FloatVector.fromArray(F, lanes, at + 128);
    a0 = a0.blend(b0, M8).add(b0.blend(a0, M8).rearrange(S8));
    FloatVector a1 = FloatVector.fromArray(F, lanes, at + 16);
    FloatVector b1 = FloatVector.fromArray(F, lanes, at + 144);
    a1 = a1.blend(b1, M8).add(b1.blend(a1, M8).rearrange(S8));
    FloatVector a2 = FloatVector.fromArray(F, lanes, at + 32);
    FloatVector b2 = FloatVector.fromArray(F, lanes, at + 160);
    a2 = a2.blend(b2, M8).add(b2.blend(a2, M8).rearrange(S8));
    FloatVector a3 = FloatVector.fromArray(F, lanes, at + 48);
    FloatVector b3 = FloatVector.fromArray(F, lanes, at + 176);
    a3 = a3.blend(b3, M8).add(b3.blend(a3, M8).rearrange(S8));
    FloatVector a4 = FloatVector.fromArray(F, lanes, at + 64);
    FloatVector b4 = FloatVector.fromArray(F, lanes, at + 192);
    a4 = a4.blend(b4, M8).add(b4.blend(a4, M8).rearrange(S8));
    FloatVector a5 = FloatVector.fromArray(F, lanes, at + 80);
    FloatVector b5 = FloatVector.fromArray(F, lanes, at + 208);
    a5 = a5.blend(b5, M8).add(b5.blend(a5, M8).rearrange(S8));
    FloatVector a6 = FloatVector.fromArray(F, lanes, at + 96);
    FloatVector b6 = FloatVector.fromArray(F, lanes, at + 224);
    a6 = a6.blend(b6, M8).add(b6.blend(a6, M8).rearrange(S8));
    FloatVector a7 = FloatVector.fromArray(F, lanes, at + 112);
    FloatVector b7 = FloatVector.fromArray(F, lanes, at + 240);
    a7 = a7.blend(b7, M8).add(b7.blend(a7, M8).rearrange(S8));
    a0 = a0.blend(a4, M4).add(a4.blend(a0, M4).rearrange(S4));
    a1 = a1.blend(a5, M4).add(a5.blend(a1, M4).rearrange(S4));
    a2 = a2.blend(a6, M4).add(a6.blend(a2, M4).rearrange(S4));
    a3 = a3.blend(a7, M4).add(a7.blend(a3, M4).rearrange(S4));
    a0 = a0.blend(a2, M2).add(a2.blend(a0, M2).rearrange(S2));
    a1 = a1.blend(a3, M2).add(a3.blend(a1, M2).rearrange(S2));
    a0 = a0.blend(a1, M1).add(a1.blend(a0, M1).rearrange(S1));
    a0.intoArray(out, outAt);
  }

  /** {@link #fold} by addresses, with 512 bits. */
  static void fold512(long lanes, long out) {
    FloatVector a0 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes, LITTLE_ENDIAN);
    FloatVector b0 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 512, LITTLE_ENDIAN);
    a0 = a0.blend(b0, M8).add(b0.blend(a0, M8).rearrange(S8));
    FloatVector a1 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 64, LITTLE_ENDIAN);
    FloatVector b1 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 576, LITTLE_ENDIAN);
    a1 = a1.blend(b1, M8).add(b1.blend(a1, M8).rearrange(S8));
    FloatVector a2 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 128, LITTLE_ENDIAN);
    FloatVector b2 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 640, LITTLE_ENDIAN);
    a2 = a2.blend(b2, M8).add(b2.blend(a2, M8).rearrange(S8));
    FloatVector a3 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 192, LITTLE_ENDIAN);
    FloatVector b3 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 704, LITTLE_ENDIAN);
    a3 = a3.blend(b3, M8).add(b3.blend(a3, M8).rearrange(S8));
    FloatVector a4 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 256, LITTLE_ENDIAN);
    FloatVector b4 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 768, LITTLE_ENDIAN);
    a4 = a4.blend(b4, M8).add(b4.blend(a4, M8).rearrange(S8));
    FloatVector a5 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 320, LITTLE_ENDIAN);
    FloatVector b5 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 832, LITTLE_ENDIAN);
    a5 = a5.blend(b5, M8).add(b5.blend(a5, M8).rearrange(S8));
    FloatVector a6 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 384, LITTLE_ENDIAN);
    FloatVector b6 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 896, LITTLE_ENDIAN);
    a6 = a6.blend(b6, M8).add(b6.blend(a6, M8).rearrange(S8));
    FloatVector a7 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 448, LITTLE_ENDIAN);
    FloatVector b7 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 960, LITTLE_ENDIAN);
    a7 = a7.blend(b7, M8).add(b7.blend(a7, M8).rearrange(S8));
    a0 = a0.blend(a4, M4).add(a4.blend(a0, M4).rearrange(S4));
    a1 = a1.blend(a5, M4).add(a5.blend(a1, M4).rearrange(S4));
    a2 = a2.blend(a6, M4).add(a6.blend(a2, M4).rearrange(S4));
    a3 = a3.blend(a7, M4).add(a7.blend(a3, M4).rearrange(S4));
    a0 = a0.blend(a2, M2).add(a2.blend(a0, M2).rearrange(S2));
    a1 = a1.blend(a3, M2).add(a3.blend(a1, M2).rearrange(S2));
    a0 = a0.blend(a1, M1).add(a1.blend(a0, M1).rearrange(S1));
    a0.intoMemorySegment(OffHeap.MEMORY, out, LITTLE_ENDIAN);
  }

  /** Eight dots. */
  private static void fold256(float[] lanes, int at, float[] out, int outAt) {
    FloatVector a0 = FloatVector.fromArray(F, lanes, at);
    a0 = a0.add(FloatVector.fromArray(F, lanes, at + 8));
    FloatVector a1 = FloatVector.fromArray(F, lanes, at + 16);
    a1 = a1.add(FloatVector.fromArray(F, lanes, at + 24));
    FloatVector a2 = FloatVector.fromArray(F, lanes, at + 32);
    a2 = a2.add(FloatVector.fromArray(F, lanes, at + 40));
    FloatVector a3 = FloatVector.fromArray(F, lanes, at + 48);
    a3 = a3.add(FloatVector.fromArray(F, lanes, at + 56));
    FloatVector a4 = FloatVector.fromArray(F, lanes, at + 64);
    a4 = a4.add(FloatVector.fromArray(F, lanes, at + 72));
    FloatVector a5 = FloatVector.fromArray(F, lanes, at + 80);
    a5 = a5.add(FloatVector.fromArray(F, lanes, at + 88));
    FloatVector a6 = FloatVector.fromArray(F, lanes, at + 96);
    a6 = a6.add(FloatVector.fromArray(F, lanes, at + 104));
    FloatVector a7 = FloatVector.fromArray(F, lanes, at + 112);
    a7 = a7.add(FloatVector.fromArray(F, lanes, at + 120));
    a0 = a0.blend(a4, M4).add(a4.blend(a0, M4).rearrange(S4));
    a1 = a1.blend(a5, M4).add(a5.blend(a1, M4).rearrange(S4));
    a2 = a2.blend(a6, M4).add(a6.blend(a2, M4).rearrange(S4));
    a3 = a3.blend(a7, M4).add(a7.blend(a3, M4).rearrange(S4));
    a0 = a0.blend(a2, M2).add(a2.blend(a0, M2).rearrange(S2));
    a1 = a1.blend(a3, M2).add(a3.blend(a1, M2).rearrange(S2));
    a0 = a0.blend(a1, M1).add(a1.blend(a0, M1).rearrange(S1));
    a0.intoArray(out, outAt);
  }

  /** Four dots. */
  private static void fold128(float[] lanes, int at, float[] out, int outAt) {
    FloatVector a0 = FloatVector.fromArray(F, lanes, at);
    a0 = a0.add(FloatVector.fromArray(F, lanes, at + 8));
    FloatVector b0 = FloatVector.fromArray(F, lanes, at + 4);
    a0 = a0.add(b0.add(FloatVector.fromArray(F, lanes, at + 12)));
    FloatVector a1 = FloatVector.fromArray(F, lanes, at + 16);
    a1 = a1.add(FloatVector.fromArray(F, lanes, at + 24));
    FloatVector b1 = FloatVector.fromArray(F, lanes, at + 20);
    a1 = a1.add(b1.add(FloatVector.fromArray(F, lanes, at + 28)));
    FloatVector a2 = FloatVector.fromArray(F, lanes, at + 32);
    a2 = a2.add(FloatVector.fromArray(F, lanes, at + 40));
    FloatVector b2 = FloatVector.fromArray(F, lanes, at + 36);
    a2 = a2.add(b2.add(FloatVector.fromArray(F, lanes, at + 44)));
    FloatVector a3 = FloatVector.fromArray(F, lanes, at + 48);
    a3 = a3.add(FloatVector.fromArray(F, lanes, at + 56));
    FloatVector b3 = FloatVector.fromArray(F, lanes, at + 52);
    a3 = a3.add(b3.add(FloatVector.fromArray(F, lanes, at + 60)));
    a0 = a0.blend(a2, M2).add(a2.blend(a0, M2).rearrange(S2));
    a1 = a1.blend(a3, M2).add(a3.blend(a1, M2).rearrange(S2));
    a0 = a0.blend(a1, M1).add(a1.blend(a0, M1).rearrange(S1));
    a0.intoArray(out, outAt);
  }
}
