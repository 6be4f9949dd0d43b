package io.hadal.kernels.vector.packed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TripleGridTest {
  /**
   * The gather is what processors without permutations of bytes use, and no test has such a one.
   */
  @Test
  void permutationsGiveWhatTheGatherGives() {
    assumeTrue(BytePermutation.AVAILABLE && VectorBlockKernels.usable());
    byte[] bytes = new byte[6 * 128];
    new Random(7).nextBytes(bytes);
    for (int i = 0; i < 256; i++) {
      // Each entry of the grid, 64 in a group.
      bytes[i / 64 * 128 + i % 64] = (byte) i;
    }
    Scratch gathered = new Scratch(32 * TripleTile.COLUMN / 4);
    Scratch permuted = new Scratch(32 * TripleTile.COLUMN / 4);
    Scratch scratch = new Scratch(TripleGrid.SCRATCH / 4);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment w = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      for (int at = 0; at < bytes.length; at += 3 * 128) {
        new TripleCodes().grid(w, at, at + 128, at + 256, gathered.address());
        TripleGrid.columns(w, at, at + 128, at + 256, permuted.address(), scratch.address());
        assertThat(doubles(permuted)).containsExactly(doubles(gathered));
      }
    }
  }

  private static double[] doubles(Scratch columns) {
    double[] out = new double[32 * 16];
    for (int i = 0; i < out.length; i++) {
      out[i] = Scratch.MEMORY.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, columns.address() + 8L * i);
    }
    return out;
  }
}
