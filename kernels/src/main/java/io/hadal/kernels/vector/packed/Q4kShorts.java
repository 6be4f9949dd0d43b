package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.hadal.kernels.BlockInput;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** Q4_K: products of 16-bit lanes, two columns of a row side by side as they are packed. */
final class Q4kShorts extends ShortBlocks {
  private static final VectorSpecies<Byte> QUARTER = ByteVector.SPECIES_128;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_512;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;

  private final Scratch products = new Scratch(Q4kTile.TOKENS * ShortProduct.ROWS);
  private final int[] columns = new int[16 * Q4kTile.TOKENS];
  private final float[] token = new float[2 * Q4kTile.TOKENS];

  @Override
  void unpack(MemorySegment w, long a, long b, int block, long to) {
    long scales = to + Q4kTile.SCALES;
    long other = scales + 64 * Q4kTile.GROUP;
    if (block == 0) {
      unit(w, a, scales + 64 * Q4kTile.UNIT);
      unit(w, b, other + 64 * Q4kTile.UNIT);
    }
    long at = 64 + 288L * block;
    nibbles(w, a + at, to);
    nibbles(w, b + at, to + 64);
    scales(w, a + at + 256, scales);
    scales(w, b + at + 256, other);
  }

  private static void nibbles(MemorySegment w, long p, long to) {
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      long at = to + 512 * k;
      v.and(0x000f000f).intoMemorySegment(Scratch.MEMORY, at, LITTLE_ENDIAN);
      v.lanewise(LSHR, 4)
          .and(0x000f000f)
          .intoMemorySegment(Scratch.MEMORY, at + 128, LITTLE_ENDIAN);
      v.lanewise(LSHR, 8)
          .and(0x000f000f)
          .intoMemorySegment(Scratch.MEMORY, at + 256, LITTLE_ENDIAN);
      v.lanewise(LSHR, 12)
          .and(0x000f000f)
          .intoMemorySegment(Scratch.MEMORY, at + 384, LITTLE_ENDIAN);
    }
  }

  private static void scales(MemorySegment w, long at, long to) {
    FloatVector s =
        (FloatVector)
            ByteVector.fromMemorySegment(QUARTER, w, at, LITTLE_ENDIAN).convertShape(B2F, F, 0);
    s.intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
    s.mul(-TOO_MUCH).intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
    s.mul(HIGH).intoMemorySegment(Scratch.MEMORY, to + 128, LITTLE_ENDIAN);
    ((FloatVector)
            ByteVector.fromMemorySegment(QUARTER, w, at + 16, LITTLE_ENDIAN)
                .convertShape(B2F, F, 0))
        .intoMemorySegment(Scratch.MEMORY, to + 192, LITTLE_ENDIAN);
  }

  @Override
  void add(BlockInput x, int from, int tokens, int b, long ready, int pairs, long sums) {
    for (int t = 0; t < tokens; t += Q4kTile.TOKENS) {
      int count = Math.min(Q4kTile.TOKENS, tokens - t);
      for (int i = 0; i < count; i++) {
        int block = (from + t + i) * x.blocks() + b;
        token[i] = x.scales()[block];
        token[Q4kTile.TOKENS + i] = -(x.sums()[2 * block] + x.sums()[2 * block + 1]);
        IntVector.fromArray(I, x.pairs(), 16 * block).intoArray(columns, 16 * i);
      }
      for (int pair = 0; pair < pairs; pair++) {
        long p = ready + pair * BYTES;
        Q4kTile.products(p, columns, products.address());
        Q4kTile.add(
            p,
            products.address(),
            count,
            token,
            sums + (long) (pair * tokens + t) * ShortProduct.TOKEN);
      }
    }
  }
}
