package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.kernels.foreign.NativeByteScores;
import io.hadal.kernels.foreign.NativeLibrary;
import io.hadal.kernels.scalar.ScalarAttentionKernels;
import io.hadal.kernels.scalar.ScalarByteScores;
import io.hadal.kernels.vector.VectorByteScores;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Attention kernels: the same bits in both implementations. */
class AttentionKernelsTest {
  private static final AttentionKernels SCALAR = new ScalarAttentionKernels();
  private static final AttentionKernels KERNELS = AttentionKernels.get();

  @Test
  void tileRowsAreAPermutation() {
    for (int width = 1; width < 140; width++) {
      boolean[] rows = new boolean[width];
      boolean[] places = new boolean[KeyTile.KEYS];
      for (int k = 0; k < width; k++) {
        assertThat(rows[KeyTile.row(k, width)]).isFalse();
        rows[KeyTile.row(k, width)] = true;
      }
      for (int j = 0; j < KeyTile.KEYS; j++) {
        assertThat(places[KeyTile.place(j)]).isFalse();
        places[KeyTile.place(j)] = true;
      }
    }
  }

  @Test
  void indexScoresAreWeightedPositiveDots() {
    Random random = new Random(1);
    int[] widths = {1, 5, 16, 31, 64, 96, 128};
    for (int round = 0; round < 60; round++) {
      int width = widths[random.nextInt(widths.length)];
      int heads = 1 + random.nextInt(20);
      boolean bf16 = round % 2 == 0;
      float[] q = TestArrays.gaussian(random, 3 + heads * width);
      float[] w = TestArrays.gaussian(random, 2 + heads);
      float[] keys = TestArrays.gaussian(random, width * KeyTile.KEYS);
      if (round % 5 == 0) {
        keys[random.nextInt(keys.length)] = Float.NaN;
        keys[random.nextInt(keys.length)] = Float.NEGATIVE_INFINITY;
        keys[random.nextInt(keys.length)] = -1e-40f;
        w[2] = -0f;
      }
      float[] expected = new float[KeyTile.KEYS + 1];
      float[] actual = new float[KeyTile.KEYS + 1];
      SCALAR.indexScores(q, 3, heads, width, w, 2, keys, bf16, expected, 1);
      KERNELS.indexScores(q, 3, heads, width, w, 2, keys, bf16, actual, 1);
      TestArrays.assertSameBits("scores " + heads + " x " + width, expected, actual);
      if (!bf16) {
        float sum = 0;
        for (int h = 0; h < heads; h++) {
          float[] key = new float[width];
          for (int k = 0; k < width; k++) {
            key[k] = keys[KeyTile.row(k, width) * KeyTile.KEYS + 63];
          }
          float dot = Kernels.get().dot(q, 3 + h * width, key, 0, width);
          sum = Math.fma(Math.max(dot, 0), w[2 + h], sum);
        }
        assertThat(actual[64]).isEqualTo(sum);
      }
    }
  }

  @Test
  void packedRowsDecodeAlike() {
    Random random = new Random(2);
    for (int round = 0; round < 40; round++) {
      for (int width : new int[] {16, 32, 40, 64, 128}) {
        byte[] tile = new byte[KeyTile.fp4Bytes(width)];
        random.nextBytes(tile);
        float[] expected = new float[width * KeyTile.KEYS];
        float[] actual = new float[width * KeyTile.KEYS];
        SCALAR.unpackKeys(MemorySegment.ofArray(tile), width, expected);
        KERNELS.unpackKeys(MemorySegment.ofArray(tile), width, actual);
        TestArrays.assertSameBits("keys of " + width, expected, actual);
      }
      keysToBytes(random);
      byte[] row = new byte[700];
      random.nextBytes(row);
      MemorySegment memory = MemorySegment.ofArray(row);
      for (int codes : new int[] {0, 7, 64, 100, 448}) {
        float[] expected = new float[520];
        float[] actual = new float[520];
        SCALAR.unpackFp8(memory, 3, codes, 50, 64, expected, 1);
        KERNELS.unpackFp8(memory, 3, codes, 50, 64, actual, 1);
        TestArrays.assertSameBits("fp8 " + codes, expected, actual);
        SCALAR.unpackFp4E4M3(memory, 5, codes, 16, expected, 2);
        KERNELS.unpackFp4E4M3(memory, 5, codes, 16, actual, 2);
        TestArrays.assertSameBits("fp4 " + codes, expected, actual);
      }
    }
  }

  /** Packed keys as bytes: alike, and the same values unless a key's scales differ by much. */
  private static void keysToBytes(Random random) {
    int width = new int[] {16, 32, 40, 64, 128}[random.nextInt(5)];
    byte[] packed = new byte[KeyTile.fp4Bytes(width)];
    random.nextBytes(packed);
    boolean near = random.nextBoolean();
    for (int i = (width + 1) / 2 * KeyTile.KEYS; near && i < packed.length; i++) {
      packed[i] = (byte) (120 + random.nextInt(4));
    }
    MemorySegment tile = MemorySegment.ofArray(packed);
    int[] expected = new int[ByteTile.words(width)];
    int[] actual = new int[expected.length];
    SCALAR.unpackKeyBytes(tile, width, expected);
    KERNELS.unpackKeyBytes(tile, width, actual);
    assertThat(actual).as("bytes of " + width).isEqualTo(expected);
    float[] keys = new float[width * KeyTile.KEYS];
    SCALAR.unpackKeys(tile, width, keys);
    float[] key = new float[width];
    for (int j = 0; j < KeyTile.KEYS; j++) {
      ByteTile.read(MemorySegment.ofArray(actual), j, width, key, 0);
      for (int k = 0; k < width; k++) {
        float exact = keys[KeyTile.row(k, width) * KeyTile.KEYS + j];
        float scale = actualScale(actual, j, width);
        if (!Float.isNaN(scale) && !Float.isInfinite(exact)) {
          assertThat(Math.abs(key[k] - exact)).isLessThanOrEqualTo(near ? 0 : scale / 2);
        }
      }
    }
  }

  private static float actualScale(int[] tile, int key, int width) {
    return MemorySegment.ofArray(tile)
        .get(ValueLayout.JAVA_FLOAT_UNALIGNED, ByteTile.scale(key, width));
  }

  @Test
  void roundingsAreThoseOfTheQuantizer() {
    Random random = new Random(3);
    for (int round = 0; round < 300; round++) {
      int block = 16 << random.nextInt(4);
      int n = random.nextInt(300);
      float[] x = TestArrays.gaussian(random, n + 3);
      float range = (float) Math.pow(2, random.nextInt(12));
      for (int i = 0; i < x.length; i++) {
        // Multiples of a small power of two: many ties.
        x[i] = round % 3 == 0 ? Math.round(x[i] * 8) * 0.25f : x[i] / (1 + range * (i & 1));
      }
      if (round % 7 == 0 && n > 0) {
        float[] odd = {Float.NaN, Float.POSITIVE_INFINITY, -0f, 1e-40f, 3e38f, 1e-30f};
        x[3 + random.nextInt(n)] = odd[random.nextInt(odd.length)];
      }
      float[] e = x.clone();
      float[] a = x.clone();
      BlockQuantizer.roundFp8(e, 3, n, block);
      KERNELS.roundFp8(a, 3, n, block);
      TestArrays.assertSameBits("fp8", e, a);
      e = x.clone();
      a = x.clone();
      BlockQuantizer.roundFp4(e, 3, n, block);
      KERNELS.roundFp4(a, 3, n, block);
      TestArrays.assertSameBits("fp4", e, a);
      e = x.clone();
      a = x.clone();
      BlockQuantizer.roundFp4E4M3(e, 3, n, block);
      KERNELS.roundFp4E4M3(a, 3, n, block);
      TestArrays.assertSameBits("fp4 with e4m3 scales", e, a);
    }
  }

  @Test
  void everyFloatRoundsToTheSameCode() {
    float[] x = new float[1 << 16];
    for (int start = 0; start < 1 << 16; start += 4096) {
      // Upper halves of all floats below 2^9, with lower halves around the ties.
      for (int i = 0; i < x.length; i++) {
        int low =
            switch (i & 3) {
              case 0 -> 0;
              case 1 -> 1;
              case 2 -> 0x8000;
              default -> start;
            };
        x[i] = Float.intBitsToFloat(i << 16 | low);
        if (!(Math.abs(x[i]) < 448)) {
          x[i] = 448;
        }
      }
      for (int i = 0; i < x.length; i += 32) {
        x[i] = 448;
      }
      float[] e = x.clone();
      BlockQuantizer.roundFp8(e, 0, e.length, 32);
      float[] a = x.clone();
      KERNELS.roundFp8(a, 0, a.length, 32);
      TestArrays.assertSameBits("fp8", e, a);
      for (int i = 0; i < x.length; i++) {
        x[i] = Math.abs(x[i]) < 6 && i % 32 != 0 ? x[i] : 6;
      }
      e = x.clone();
      BlockQuantizer.roundFp4(e, 0, e.length, 32);
      a = x.clone();
      KERNELS.roundFp4(a, 0, a.length, 32);
      TestArrays.assertSameBits("fp4", e, a);
    }
  }

  @Test
  void streamsExpandAlike() {
    Random random = new Random(4);
    for (int round = 0; round < 100; round++) {
      int s = round % 3 == 0 ? 1 + random.nextInt(6) : 4;
      int width = 1 + random.nextInt(70);
      int from = random.nextInt(width);
      int to = from + random.nextInt(width - from + 1);
      float[] comb = TestArrays.gaussian(random, s * s + 1);
      float[] post = TestArrays.gaussian(random, s + 2);
      float[] x = TestArrays.gaussian(random, s * width + 3);
      float[] y = TestArrays.gaussian(random, width + 1);
      float[] e = new float[x.length];
      float[] a = new float[x.length];
      SCALAR.expandStreams(comb, 1, post, 2, s, x, 3, width, y, 1, from, to, e);
      KERNELS.expandStreams(comb, 1, post, 2, s, x, 3, width, y, 1, from, to, a);
      TestArrays.assertSameBits("streams " + s, e, a);
    }
  }

  @Test
  void byteScoresAreOneResult() {
    Random random = new Random(5);
    List<ByteScores> all = new ArrayList<>(List.of(new ScalarByteScores(), ByteScores.get()));
    all.add(new VectorByteScores());
    if (NativeLibrary.problem() == null) {
      all.add(new NativeByteScores());
    }
    for (int round = 0; round < 40; round++) {
      int width = new int[] {3, 16, 31, 64, 128}[round % 5];
      int heads = round % 4 == 0 ? 5 : 8 * (1 + random.nextInt(3));
      int tokens = 1 + random.nextInt(3);
      int keys = round % 3 == 0 ? 1 + random.nextInt(64) : 64;
      float[] x = TestArrays.gaussian(random, tokens * heads * width + 1);
      float[] w = TestArrays.gaussian(random, tokens * heads + 1);
      if (round % 7 == 0) {
        x[1] = Float.POSITIVE_INFINITY;
      }
      ByteQueries q = new ByteQueries();
      q.begin(tokens, heads, width);
      for (int t = 0; t < tokens; t++) {
        q.quantize(t, x, 1 + t * heads * width, w, 1 + t * heads);
      }
      MemorySegment tile = MemorySegment.ofArray(new byte[ByteTile.bytes(width)]);
      float[] rows = TestArrays.gaussian(random, 64 * width);
      Arrays.fill(rows, 0, width, 0);
      for (int j = 0; j < 64; j++) {
        ByteTile.write(rows, j * width, width, tile, j);
      }
      float[] expected = null;
      for (ByteScores kernels : all) {
        float[] scores = new float[2 + tokens * 70];
        kernels.scores(q, 0, tokens, tile, keys, scores, 2, 70);
        if (expected == null) {
          expected = scores;
        }
        TestArrays.assertSameBits(kernels.getClass() + " " + width, expected, scores);
      }
    }
  }

  @Test
  void byteScoresAreNearThoseOfFloats() {
    Random random = new Random(6);
    int width = 128;
    float[] x = TestArrays.gaussian(random, 64 * width);
    float[] w = TestArrays.gaussian(random, 64);
    float[] rows = TestArrays.gaussian(random, 64 * width);
    float[] keys = new float[64 * width];
    MemorySegment tile = MemorySegment.ofArray(new byte[ByteTile.bytes(width)]);
    for (int j = 0; j < 64; j++) {
      ByteTile.write(rows, j * width, width, tile, j);
      for (int k = 0; k < width; k++) {
        keys[KeyTile.row(k, width) * 64 + j] = rows[j * width + k];
      }
    }
    float[] exact = new float[64];
    KERNELS.indexScores(x, 0, 64, width, w, 0, keys, false, exact, 0);
    ByteQueries q = new ByteQueries();
    q.begin(1, 64, width);
    q.quantize(0, x, 0, w, 0);
    float[] scores = new float[64];
    ByteScores.get().scores(q, 0, 1, tile, 64, scores, 0, 64);
    double error = 0;
    double length = 0;
    for (int j = 0; j < 64; j++) {
      error += (scores[j] - exact[j]) * (scores[j] - exact[j]);
      length += exact[j] * exact[j];
    }
    assertThat(Math.sqrt(error / length)).isLessThan(0.03);
    float[] key = new float[width];
    ByteTile.read(tile, 7, width, key, 0);
    for (int k = 0; k < width; k++) {
      assertThat(key[k]).isCloseTo(rows[7 * width + k], within(0.02f));
    }
  }
}
