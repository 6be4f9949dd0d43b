package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Formats against their tables and by exhaustive rounding; block quantisers against goldens. */
class NumberFormatsTest {
  private static final GoldenTensors UNITS = GoldenTensors.load("units.safetensors");
  private static final GoldenTensors UNITS_V41 = GoldenTensors.load("units-v41.safetensors");

  @Test
  void tables() {
    float[] e4m3 = UNITS.floats("e4m3.table");
    float[] e8m0 = UNITS.floats("e8m0.table");
    float[] e2m1 = UNITS.floats("e2m1.table");
    for (int i = 0; i < 256; i++) {
      // The golden files hold no NaN.
      if ((i & 0x7f) != 0x7f) {
        assertThat(Fp8.decode((byte) i)).isEqualTo(e4m3[i]);
        assertThat(Fp8.encode(e4m3[i])).isEqualTo((byte) i);
      } else {
        assertThat(Fp8.decode((byte) i)).isNaN();
      }
      if (i < 255) {
        assertThat(E8M0.decode((byte) i)).isEqualTo(e8m0[i]);
        assertThat(E8M0.encodeCeil(e8m0[i])).isEqualTo((byte) i);
      } else {
        assertThat(E8M0.decode((byte) i)).isNaN();
      }
    }
    for (int i = 0; i < 16; i++) {
      assertThat(Fp4.decode(i)).isEqualTo(e2m1[i]);
      assertThat(Fp4.encode(e2m1[i])).isEqualTo(i);
    }
  }

  @Test
  void fp8RoundsToTheNearestWithTiesToEven() {
    Random random = new Random(1);
    for (int i = 0; i < 300_000; i++) {
      float v = Float.intBitsToFloat(random.nextInt());
      if (i % 2 == 0) {
        v = (float) (random.nextGaussian() * Math.scalb(1.0, random.nextInt(20) - 11));
      }
      if (Float.isNaN(v)) {
        assertThat(Fp8.encode(v) & 0x7f).isEqualTo(0x7f);
        continue;
      }
      assertThat(Fp8.encode(v)).isEqualTo(nearest(v));
    }
    for (int code = 0; code < 0x7e; code++) {
      float middle = (Fp8.decode((byte) code) + Fp8.decode((byte) (code + 1))) / 2;
      assertThat(Fp8.encode(middle)).isEqualTo((byte) (code + (code & 1)));
      assertThat(Fp8.encode(Math.nextDown(middle))).isEqualTo((byte) code);
      assertThat(Fp8.encode(Math.nextUp(middle))).isEqualTo((byte) (code + 1));
    }
  }

  private static byte nearest(float v) {
    double m = Math.min(Math.abs((double) v), 448);
    int best = 0;
    double error = Double.POSITIVE_INFINITY;
    for (int code = 0; code < 0x7f; code++) {
      double e = Math.abs(Fp8.decode((byte) code) - m);
      if (e < error || (e == error && (code & 1) == 0)) {
        best = code;
        error = e;
      }
    }
    return (byte) (best | (Float.floatToRawIntBits(v) < 0 ? 0x80 : 0));
  }

  @Test
  void fp4TiesGoToTheEvenCode() {
    float[] ties = {0.25f, 0.75f, 1.25f, 1.75f, 2.5f, 3.5f, 5};
    float[] values = {0, 1, 1, 2, 2, 4, 4};
    for (int i = 0; i < ties.length; i++) {
      assertThat(Fp4.decode(Fp4.encode(ties[i]))).isEqualTo(values[i]);
      assertThat(Fp4.decode(Fp4.encode(-ties[i]))).isEqualTo(-values[i]);
      assertThat(Fp4.encode(Math.nextDown(ties[i]))).isEqualTo(i);
      assertThat(Fp4.encode(Math.nextUp(ties[i]))).isEqualTo(i + 1);
    }
    assertThat(Fp4.encode(100)).isEqualTo(7);
    assertThat(Fp4.encode(Float.NEGATIVE_INFINITY)).isEqualTo(15);
    assertThat(Fp4.encode(-0f)).isEqualTo(8);
  }

  @Test
  void scaleExponentsOfTheSpecification() {
    // A.3: actq and kvsim, then fp4sim.
    float[] amax = {1e-4f, 0.875f, 1, 3.5f, 7, 447, 448, 449};
    int[] exponents = {-22, -9, -8, -7, -6, 0, 0, 1};
    for (int i = 0; i < amax.length; i++) {
      assertThat(E8M0.encodeCeil(amax[i] * (1 / 448f)) - 127 & 0xff).isEqualTo(exponents[i] & 0xff);
    }
    float[] amax4 = {0.75f, 1.5f, 3, 5.9f, 6, 6.5f, 6 * 0x1p-126f};
    int[] exponents4 = {-3, -2, -1, 0, 0, 1, -126};
    for (int i = 0; i < amax4.length; i++) {
      assertThat(E8M0.encodeCeil(amax4[i] * (1 / 6f)) - 127 & 0xff).isEqualTo(exponents4[i] & 0xff);
    }
  }

  @Test
  void bf16RoundsToEven() {
    assertThat(Bf16.round(1 + 0x1p-8f)).isEqualTo(1);
    assertThat(Bf16.round(1 + 0x1p-8f + 0x1p-20f)).isEqualTo(1 + 0x1p-7f);
    assertThat(Bf16.round(1 + 0x3p-8f)).isEqualTo(1 + 0x1p-6f);
    assertThat(Bf16.round(Float.MAX_VALUE)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Bf16.round(Float.NaN)).isNaN();
    assertThat(Bf16.round(Float.intBitsToFloat(0x7f800001))).isNaN();
    assertThat(Bf16.decode(Bf16.encode(-3.140625f))).isEqualTo(-3.140625f);
  }

  @Test
  void fp8Blocks() {
    for (int block : new int[] {64, 128}) {
      String name = "fp8_block" + block;
      float[] in = UNITS.floats(name + ".in");
      float[] expected = UNITS.floats(name + ".out");
      byte[] codes = UNITS.u8(name + ".codes");
      float[] scales = UNITS.floats(name + ".scales");
      byte[] scaleBytes = new byte[scales.length];
      for (int i = 0; i < scales.length; i++) {
        scaleBytes[i] = E8M0.encodeCeil(scales[i]);
      }
      checkFp8(in, block, codes, scaleBytes, expected);
    }
    checkFp8(
        UNITS_V41.floats("fp8_32.in"),
        32,
        UNITS_V41.u8("fp8_32.codes"),
        UNITS_V41.u8("fp8_32.scale_e8m0"),
        UNITS_V41.floats("fp8_32.out"));
  }

  private static void checkFp8(
      float[] in, int block, byte[] codes, byte[] scales, float[] expected) {
    int n = in.length;
    byte[] c = new byte[n];
    byte[] s = new byte[n / block];
    BlockQuantizer.packFp8(
        in, 0, n, block, MemorySegment.ofArray(c), 0, MemorySegment.ofArray(s), 0);
    assertThat(c).isEqualTo(codes);
    assertThat(s).isEqualTo(scales);
    float[] out = new float[n];
    BlockQuantizer.unpackFp8(
        MemorySegment.ofArray(c), 0, MemorySegment.ofArray(s), 0, n, block, out, 0);
    TestArrays.assertSameBits("unpacked", expected, out);
    BlockQuantizer.roundFp8(in, 0, n, block);
    TestArrays.assertSameBits("round trip", expected, in);
  }

  @Test
  void fp4Blocks() {
    float[] in = UNITS.floats("fp4_block32.in");
    BlockQuantizer.roundFp4(in, 0, in.length, 32);
    TestArrays.assertSameBits("fp4", UNITS.floats("fp4_block32.out"), in);

    float[] x = UNITS_V41.floats("fp4_32_e8m0.in");
    byte[] packed = new byte[x.length / 2];
    byte[] scales = new byte[x.length / 32];
    MemorySegment p = MemorySegment.ofArray(packed);
    MemorySegment s = MemorySegment.ofArray(scales);
    BlockQuantizer.packFp4(x, 0, x.length, 32, p, 0, s, 0);
    assertThat(nibbles(packed)).isEqualTo(UNITS_V41.u8("fp4_32_e8m0.codes"));
    assertThat(scales).isEqualTo(UNITS_V41.u8("fp4_32_e8m0.scale_e8m0"));
    float[] out = new float[x.length];
    BlockQuantizer.unpackFp4(p, 0, s, 0, x.length, 32, out, 0);
    TestArrays.assertSameBits("unpacked", UNITS_V41.floats("fp4_32_e8m0.out"), out);
    BlockQuantizer.roundFp4(x, 0, x.length, 32);
    TestArrays.assertSameBits("round trip", out, x);
  }

  @Test
  void fp4BlocksWithE4M3Scales() {
    float[] x = UNITS_V41.floats("fp4_16_e4m3.in");
    byte[] packed = new byte[x.length / 2];
    byte[] scales = new byte[x.length / 16];
    MemorySegment p = MemorySegment.ofArray(packed);
    MemorySegment s = MemorySegment.ofArray(scales);
    BlockQuantizer.packFp4E4M3(x, 0, x.length, 16, p, 0, s, 0);
    assertThat(scales).isEqualTo(UNITS_V41.u8("fp4_16_e4m3.scale_e4m3"));
    assertThat(nibbles(packed)).isEqualTo(UNITS_V41.u8("fp4_16_e4m3.codes"));
    float[] out = new float[x.length];
    BlockQuantizer.unpackFp4E4M3(p, 0, s, 0, x.length, 16, out, 0);
    TestArrays.assertSameBits("unpacked", UNITS_V41.floats("fp4_16_e4m3.out"), out);
    BlockQuantizer.roundFp4E4M3(x, 0, x.length, 16);
    TestArrays.assertSameBits("round trip", out, x);
  }

  private static byte[] nibbles(byte[] packed) {
    byte[] codes = new byte[packed.length * 2];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) (packed[i / 2] >> (i & 1) * 4 & 15);
    }
    return codes;
  }

  @Test
  void raggedBlocksAndOffsets() {
    Random random = new Random(3);
    for (int n = 0; n < 80; n++) {
      float[] x = TestArrays.gaussian(random, n + 3);
      float[] rounded8 = x.clone();
      float[] rounded4 = x.clone();
      BlockQuantizer.roundFp8(rounded8, 3, n, 32);
      BlockQuantizer.roundFp4(rounded4, 3, n, 32);
      MemorySegment codes = MemorySegment.ofArray(new byte[n + 5]);
      MemorySegment scales = MemorySegment.ofArray(new byte[10]);
      float[] out = x.clone();
      BlockQuantizer.packFp8(x, 3, n, 32, codes, 5, scales, 2);
      BlockQuantizer.unpackFp8(codes, 5, scales, 2, n, 32, out, 3);
      TestArrays.assertSameBits("fp8 " + n, rounded8, out);
      BlockQuantizer.packFp4(x, 3, n, 32, codes, 5, scales, 2);
      BlockQuantizer.unpackFp4(codes, 5, scales, 2, n, 32, out, 3);
      TestArrays.assertSameBits("fp4 " + n, rounded4, out);
      assertThat(scales.get(ValueLayout.JAVA_BYTE, 0)).isZero();
    }
  }

  @Test
  void nanSpoilsItsBlockOnly() {
    float[] x = new float[64];
    Arrays.fill(x, 1);
    x[40] = Float.NaN;
    BlockQuantizer.roundFp8(x, 0, 64, 32);
    assertThat(x[0]).isEqualTo(1);
    assertThat(x[40]).isNaN();
    assertThat(x[41]).isNaN();
  }
}
