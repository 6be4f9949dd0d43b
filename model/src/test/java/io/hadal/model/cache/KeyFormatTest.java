package io.hadal.model.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.kernels.BlockQuantizer;
import io.hadal.kernels.KeyTile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Index keys side by side: what is written comes back key by key, as a tile and from a snapshot.
 */
class KeyFormatTest {
  private static final int ROWS = 37;

  @ParameterizedTest
  @ValueSource(ints = {16, 40, 64, 128})
  void plainKeys(int width) throws IOException {
    check(new KeyFormat.F32Keys(width));
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 40, 64, 128})
  void packedKeys(int width) throws IOException {
    check(new KeyFormat.Fp4Keys(width));
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 30, 64, 128})
  void byteKeys(int width) throws IOException {
    check(new KeyFormat.ByteKeys(width));
  }

  private static void check(KeyFormat format) throws IOException {
    Random random = new Random(format.width());
    byte[] garbage = new byte[KeyTile.KEYS * format.bytes()];
    random.nextBytes(garbage);
    MemorySegment page = MemorySegment.ofArray(garbage);
    int width = format.width();
    float[][] rows = new float[ROWS][width];
    for (int slot = ROWS - 1; slot >= 0; slot--) {
      for (int k = 0; k < width; k++) {
        rows[slot][k] = (float) random.nextGaussian();
      }
      format.write(rows[slot], 0, page, slot);
      switch (format) {
        case KeyFormat.F32Keys f32 -> {}
        case KeyFormat.Fp4Keys fp4 -> BlockQuantizer.roundFp4(rows[slot], 0, width, 32);
        case KeyFormat.ByteKeys bytes -> roundToBytes(rows[slot]);
      }
    }
    compare(format, page, rows);

    ByteArrayOutputStream file = new ByteArrayOutputStream();
    format.save(page, ROWS, new DataOutputStream(file));
    assertThat(file.size()).isEqualTo(ROWS * format.bytes());
    MemorySegment copy = MemorySegment.ofArray(new byte[garbage.length]);
    format.restore(copy, ROWS, new DataInputStream(new ByteArrayInputStream(file.toByteArray())));
    compare(format, copy, rows);
  }

  private static void roundToBytes(float[] x) {
    float largest = 0;
    for (float v : x) {
      largest = Math.max(largest, Math.abs(v));
    }
    for (int k = 0; k < x.length; k++) {
      x[k] = largest / 127 * (int) Math.rint(x[k] * (127 / largest));
    }
  }

  private static void compare(KeyFormat format, MemorySegment page, float[][] rows) {
    int width = format.width();
    float[] keys = new float[width * KeyTile.KEYS];
    format.readTile(page, keys);
    float[] row = new float[width + 1];
    for (int slot = 0; slot < ROWS; slot++) {
      format.read(page, slot, row, 1);
      assertThat(Arrays.copyOfRange(row, 1, width + 1)).isEqualTo(rows[slot]);
      for (int k = 0; k < width; k++) {
        assertThat(keys[KeyTile.row(k, width) * KeyTile.KEYS + slot]).isEqualTo(rows[slot][k]);
      }
    }
  }
}
