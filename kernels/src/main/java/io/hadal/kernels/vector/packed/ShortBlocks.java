package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.BlockInput;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Blocks of a layout in the form that 16-bit lanes take; scratch of one thread. */
abstract class ShortBlocks {
  /** Bytes of a pair of groups: at most 32 vectors of weights and 16 of scales. */
  static final int BYTES = 3072;

  /** Takes a sum in the low half of a lane for bits of f32: 2^23 + 2^15 + sum. */
  static final int LOW = 0x4b008000;

  /** What is too much then. */
  static final float TOO_MUCH = 0x1p23f + 0x1p15f;

  /** A sum in the high half of a lane is so many times too large. */
  static final float HIGH = 0x1p-16f;

  private final float[] half = new float[16];

  /**
   * Makes a block of two groups ready.
   *
   * @param w packed groups
   * @param a unit of the first group
   * @param b unit of the second group
   * @param block the block's place in its unit; those before it were made ready there
   * @param to address of {@link #BYTES}
   */
  abstract void unpack(MemorySegment w, long a, long b, int block, long to);

  /**
   * Adds a block's products.
   *
   * @param from first token
   * @param b the block
   * @param ready address of pairs of groups, {@link #BYTES} each
   * @param sums address of the sums, {@code [pairs, tokens, ROWS]}
   */
  abstract void add(BlockInput x, int from, int tokens, int b, long ready, int pairs, long sums);

  /** f16 scales of a unit and of its minima. */
  final void unit(MemorySegment w, long at, long to) {
    UnitScales.half(w, at, 1, half, 0);
    FloatVector.fromArray(FloatVector.SPECIES_512, half, 0)
        .intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
    UnitScales.half(w, at + 32, 1, half, 0);
    FloatVector.fromArray(FloatVector.SPECIES_512, half, 0)
        .intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
  }
}
