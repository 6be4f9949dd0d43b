package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is stored comes back within half a step, read by decoders written here from the layouts. */
class RowEncoderTest {
  private static final int COLS = 1024;

  private static byte[] encode(StorageType type, float[] x) {
    byte[] out = new byte[(int) type.bytes(x.length)];
    RowEncoder.encode(type, x, 0, x.length, MemorySegment.ofArray(out), 0);
    return out;
  }

  private static float half(byte[] b, int at) {
    return Float.float16ToFloat((short) (b[at] & 0xff | b[at + 1] << 8));
  }

  private static float[] kernels(StorageType type, byte[] bytes, int count) {
    float[] out = new float[count];
    Matrix matrix = Matrix.of(type, MemorySegment.ofArray(bytes), 1, count);
    Kernels.get().dequantize(matrix, 0, 0, count, out, 0);
    return out;
  }

  /** Weights of unlike size, shifted and with outliers, and special blocks at the end. */
  private static float[] weights() {
    Random random = new Random(11);
    float[] x = new float[COLS];
    for (int i = 0; i < COLS; i++) {
      float size = 0.02f * (1 + i / 256);
      x[i] = (float) random.nextGaussian() * size + (i / 64 % 3 - 1) * size;
      if (i % 97 == 0) {
        x[i] *= 5;
      }
    }
    java.util.Arrays.fill(x, 768, 800, 0);
    java.util.Arrays.fill(x, 800, 832, 0.25f);
    java.util.Arrays.fill(x, 832, 864, -0.25f);
    return x;
  }

  /** The least and greatest value that a stored value may stand for, from the layout. */
  private record Read(float[] values, float[] step, boolean[] clipped) {}

  private static Read read(StorageType type, byte[] b) {
    int block = type.blockElements();
    int n = b.length / type.blockBytes() * block;
    Read read = new Read(new float[n], new float[n], new boolean[n]);
    for (int i = 0; i < n; i++) {
      int at = i / block * type.blockBytes();
      int k = i % block;
      switch (type) {
        case Q8_0 -> {
          read.step[i] = half(b, at);
          read.values[i] = read.step[i] * b[at + 2 + k];
        }
        case MXFP4 -> {
          float d = (float) Math.scalb(1.0, (b[at] & 0xff) - 127);
          int pair = b[at + 1 + k % 16];
          int code = k < 16 ? pair & 15 : pair >> 4 & 15;
          float[] table = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
          read.values[i] = (code > 7 ? -1 : 1) * table[code & 7] * d;
          read.step[i] = (Math.abs(read.values[i]) < 2 * d ? 0.5f : code % 8 < 6 ? 1 : 2) * d;
        }
        case Q4_K -> {
          int j = k / 32;
          int scale = j < 4 ? b[at + 4 + j] & 63 : b[at + 8 + j] & 15 | (b[at + j] >> 6 & 3) << 4;
          int minimum =
              j < 4 ? b[at + 8 + j] & 63 : b[at + 8 + j] >> 4 & 15 | (b[at + 4 + j] >> 6 & 3) << 4;
          int pair = b[at + 16 + k / 64 * 32 + k % 32];
          int q = k % 64 < 32 ? pair & 15 : pair >> 4 & 15;
          read.step[i] = half(b, at) * scale;
          read.values[i] = read.step[i] * q - half(b, at + 2) * minimum;
          read.clipped[i] = q == 0 || q == 15;
        }
        default -> throw new IllegalArgumentException();
      }
    }
    return read;
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "MXFP4", "Q4_K"})
  void valuesComeBackWithinHalfAStep(StorageType type) {
    float[] x = weights();
    byte[] stored = encode(type, x);
    Read read = read(type, stored);
    TestArrays.assertClose(type.name(), read.values, kernels(type, stored, COLS), 0);
    int clipped = 0;
    for (int i = 0; i < COLS; i++) {
      if (read.clipped[i]) {
        clipped++;
        continue;
      }
      assertThat(Math.abs(x[i] - read.values[i]))
          .as("%s value %d: %s stored as %s", type, i, x[i], read.values[i])
          .isLessThanOrEqualTo(read.step[i] * 0.5001f);
    }
    assertThat(clipped).isLessThan(COLS / 3);
    assertThat(encode(type, x)).isEqualTo(stored);
    for (int i = 768; i < 800; i++) {
      assertThat(read.values[i]).isZero();
    }
  }

  /** Against plain rounding between the smallest and the largest value of 32. */
  @Test
  void q4kFindsBetterScalesThanTheRangeGives() {
    float[] x = TestArrays.gaussian(new Random(5), 256 * 40);
    float[] found = kernels(StorageType.Q4_K, encode(StorageType.Q4_K, x), x.length);
    double error = 0;
    double plain = 0;
    double power = 0;
    for (int from = 0; from < x.length; from += 32) {
      float low = 0;
      float high = 0;
      for (int i = from; i < from + 32; i++) {
        low = Math.min(low, x[i]);
        high = Math.max(high, x[i]);
      }
      float step = (high - low) / 15;
      for (int i = from; i < from + 32; i++) {
        double rounded = low + step * Math.rint((x[i] - low) / step);
        plain += Math.pow(x[i] - rounded, 2);
        error += Math.pow(x[i] - found[i], 2);
        power += x[i] * x[i];
      }
    }
    // Plain rounding is given exact scales here, not six bits each.
    assertThat(error).isLessThan(0.9 * plain);
    assertThat(Math.sqrt(error / power)).isBetween(0.05, 0.075);
  }

  @Test
  void q4kHoldsBlocksOfEverySize() {
    for (float size : new float[] {1e-3f, 1, 1000}) {
      float[] x = TestArrays.gaussian(new Random(7), 256);
      for (int i = 0; i < x.length; i++) {
        x[i] *= size;
      }
      float[] back = kernels(StorageType.Q4_K, encode(StorageType.Q4_K, x), 256);
      for (int i = 0; i < x.length; i++) {
        assertThat(back[i]).isCloseTo(x[i], org.assertj.core.data.Offset.offset(0.35f * size));
      }
    }
    assertThat(kernels(StorageType.Q4_K, encode(StorageType.Q4_K, new float[256]), 256))
        .containsOnly(0);
  }

  @Test
  void wholeBlocksOnly() {
    assertThatThrownBy(() -> encode(StorageType.Q4_K, new float[128]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("256");
    assertThat(RowEncoder.supports(StorageType.Q2_K)).isFalse();
  }

  @Test
  void fp8TilesShareTheSmallestScaleThatHolds() {
    Random random = new Random(9);
    int rows = 5;
    int cols = 70;
    int tile = 32;
    float[] x = TestArrays.gaussian(random, rows * cols);
    byte[] codes = new byte[rows * cols];
    byte[] scales = new byte[3];
    TileEncoder.fp8(
        x, rows, cols, tile, MemorySegment.ofArray(codes), MemorySegment.ofArray(scales));
    for (int t = 0; t < 3; t++) {
      float largest = 0;
      for (int r = 0; r < rows; r++) {
        for (int c = t * tile; c < Math.min(cols, t * tile + tile); c++) {
          float d = (float) Math.scalb(1.0, (scales[t] & 0xff) - 127);
          float value = Fp8.decode(codes[r * cols + c]) * d;
          float step = Math.max(Math.scalb(1f, Math.getExponent(value / d) - 3), 0x1p-9f) * d;
          assertThat(Math.abs(value - x[r * cols + c])).isLessThanOrEqualTo(step * 0.5001f);
          largest = Math.max(largest, Math.abs(x[r * cols + c]) / d);
        }
      }
      assertThat(largest).isBetween(224f, 448f);
    }
  }

  /** Tiles of one row are the blocks of the released activations. */
  @Test
  void fp8RowsAgreeWithTheGoldenBlocks() {
    GoldenTensors units = GoldenTensors.load("units-v41.safetensors");
    float[] x = units.floats("fp8_32.in");
    byte[] codes = new byte[x.length];
    byte[] scales = new byte[x.length / 32];
    TileEncoder.fp8(
        x, 1, x.length, 32, MemorySegment.ofArray(codes), MemorySegment.ofArray(scales));
    byte[] golden = units.u8("fp8_32.codes");
    byte[] goldenScales = units.u8("fp8_32.scale_e8m0");
    int compared = 0;
    for (int b = 0; b < scales.length; b++) {
      float largest = 0;
      for (int i = 32 * b; i < 32 * b + 32; i++) {
        largest = Math.max(largest, Math.abs(x[i]));
      }
      // Activations have a floor of 1e-4, weights none.
      if (largest >= 1e-4f) {
        compared++;
        assertThat(scales[b]).isEqualTo(goldenScales[b]);
        for (int i = 32 * b; i < 32 * b + 32; i++) {
          assertThat(codes[i]).isEqualTo(golden[i]);
        }
      }
    }
    assertThat(compared).isPositive();
  }
}
