package io.hadal.model.cache;

import io.hadal.kernels.AttentionKernels;
import io.hadal.kernels.BlockQuantizer;
import io.hadal.kernels.ByteTile;
import io.hadal.kernels.KeyTile;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Index keys, side by side in pages of {@link KeyTile#KEYS}. Snapshots hold them key by key, so
 * that the places of keys to come never reach a file.
 */
sealed interface KeyFormat extends RowFormat {

  /**
   * Decodes the keys of a page, those to come as whatever is there.
   *
   * @param keys out: {@code [width, 64]} as {@link KeyTile} lays them out
   */
  void readTile(MemorySegment page, float[] keys);

  /** Whether {@link #byteTile} has an answer. */
  default boolean givesBytes() {
    return false;
  }

  /**
   * A page of keys that integers can score.
   *
   * @return the page itself when it is a {@link ByteTile}, else {@code room}
   */
  default MemorySegment byteTile(MemorySegment page, KeyRoom room) {
    throw new IllegalStateException("keys of " + this + " are scored as floats");
  }

  /** Moves the bytes of a key between its page and a buffer. */
  void copy(MemorySegment page, int key, byte[] bytes, boolean toPage);

  @Override
  default void save(MemorySegment page, int rows, DataOutputStream out) throws IOException {
    byte[] bytes = new byte[bytes()];
    for (int key = 0; key < rows; key++) {
      copy(page, key, bytes, false);
      out.write(bytes);
    }
  }

  @Override
  default void restore(MemorySegment page, int rows, DataInputStream in) throws IOException {
    byte[] bytes = new byte[bytes()];
    for (int key = 0; key < rows; key++) {
      in.readFully(bytes);
      copy(page, key, bytes, true);
    }
  }

  /** Plain floats. */
  record F32Keys(int width) implements KeyFormat {
    @Override
    public int bytes() {
      return 4 * width;
    }

    private long at(int key, int row) {
      return 4L * (row * KeyTile.KEYS + key);
    }

    @Override
    public void write(float[] row, int offset, MemorySegment page, int slot) {
      for (int k = 0; k < width; k++) {
        page.set(
            ValueLayout.JAVA_FLOAT_UNALIGNED, at(slot, KeyTile.row(k, width)), row[offset + k]);
      }
    }

    @Override
    public void read(MemorySegment page, int slot, float[] row, int offset) {
      for (int k = 0; k < width; k++) {
        row[offset + k] =
            page.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at(slot, KeyTile.row(k, width)));
      }
    }

    @Override
    public void readTile(MemorySegment page, float[] keys) {
      MemorySegment.copy(page, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, keys, 0, width * KeyTile.KEYS);
    }

    @Override
    public void copy(MemorySegment page, int key, byte[] bytes, boolean toPage) {
      MemorySegment buffer = MemorySegment.ofArray(bytes);
      for (int r = 0; r < width; r++) {
        if (toPage) {
          MemorySegment.copy(buffer, 4L * r, page, at(key, r), 4);
        } else {
          MemorySegment.copy(page, at(key, r), buffer, 4L * r, 4);
        }
      }
    }
  }

  /** E2M1 codes, then one power-of-two scale per 32 values (spec 8.3). */
  record Fp4Keys(int width) implements KeyFormat {
    @Override
    public int bytes() {
      return KeyTile.fp4Bytes(width) / KeyTile.KEYS;
    }

    @Override
    public void write(float[] row, int offset, MemorySegment page, int slot) {
      byte[] codes = new byte[(width + 1) / 2];
      byte[] scales = new byte[(width + 31) / 32];
      MemorySegment to = MemorySegment.ofArray(codes);
      BlockQuantizer.packFp4(row, offset, width, 32, to, 0, MemorySegment.ofArray(scales), 0);
      for (int k = 0; k < width; k++) {
        int code = codes[k / 2] >> (k & 1) * 4 & 15;
        long at = KeyTile.fp4Code(slot, k, width);
        int half = (KeyTile.row(k, width) & 1) * 4;
        int other = page.get(ValueLayout.JAVA_BYTE, at) & ~(15 << half);
        page.set(ValueLayout.JAVA_BYTE, at, (byte) (other | code << half));
      }
      for (int b = 0; b < scales.length; b++) {
        page.set(ValueLayout.JAVA_BYTE, KeyTile.fp4Scale(slot, 32 * b, width), scales[b]);
      }
    }

    @Override
    public void read(MemorySegment page, int slot, float[] row, int offset) {
      byte[] codes = new byte[(width + 1) / 2];
      byte[] scales = new byte[(width + 31) / 32];
      for (int k = 0; k < width; k++) {
        int pair = page.get(ValueLayout.JAVA_BYTE, KeyTile.fp4Code(slot, k, width));
        int code = pair >> (KeyTile.row(k, width) & 1) * 4 & 15;
        codes[k / 2] |= (byte) (code << (k & 1) * 4);
      }
      for (int b = 0; b < scales.length; b++) {
        scales[b] = page.get(ValueLayout.JAVA_BYTE, KeyTile.fp4Scale(slot, 32 * b, width));
      }
      MemorySegment from = MemorySegment.ofArray(codes);
      BlockQuantizer.unpackFp4(from, 0, MemorySegment.ofArray(scales), 0, width, 32, row, offset);
    }

    @Override
    public void readTile(MemorySegment page, float[] keys) {
      AttentionKernels.get().unpackKeys(page, width, keys);
    }

    @Override
    public boolean givesBytes() {
      return true;
    }

    @Override
    public MemorySegment byteTile(MemorySegment page, KeyRoom room) {
      AttentionKernels.get().unpackKeyBytes(page, width, room.words());
      return room.tile();
    }

    @Override
    public void copy(MemorySegment page, int key, byte[] bytes, boolean toPage) {
      int place = KeyTile.place(key);
      for (int r = 0; r < bytes.length; r++) {
        long at = (long) r * KeyTile.KEYS + place;
        if (toPage) {
          page.set(ValueLayout.JAVA_BYTE, at, bytes[r]);
        } else {
          bytes[r] = page.get(ValueLayout.JAVA_BYTE, at);
        }
      }
    }
  }

  /** Bytes with one scale a key, which are scored as they are. */
  record ByteKeys(int width) implements KeyFormat {
    @Override
    public int bytes() {
      return ByteTile.bytes(width) / ByteTile.KEYS;
    }

    @Override
    public void write(float[] row, int offset, MemorySegment page, int slot) {
      ByteTile.write(row, offset, width, page, slot);
    }

    @Override
    public void read(MemorySegment page, int slot, float[] row, int offset) {
      ByteTile.read(page, slot, width, row, offset);
    }

    @Override
    public void readTile(MemorySegment page, float[] keys) {
      for (int key = 0; key < ByteTile.KEYS; key++) {
        float scale = page.get(ValueLayout.JAVA_FLOAT_UNALIGNED, ByteTile.scale(key, width));
        for (int k = 0; k < width; k++) {
          keys[KeyTile.row(k, width) * KeyTile.KEYS + key] =
              scale * page.get(ValueLayout.JAVA_BYTE, ByteTile.code(key, k));
        }
      }
    }

    @Override
    public boolean givesBytes() {
      return true;
    }

    @Override
    public MemorySegment byteTile(MemorySegment page, KeyRoom room) {
      return page;
    }

    @Override
    public void copy(MemorySegment page, int key, byte[] bytes, boolean toPage) {
      MemorySegment buffer = MemorySegment.ofArray(bytes);
      for (int b = 0; b < bytes.length; b += 4) {
        // The scales lie behind the codes as one word more.
        long at = ByteTile.code(key, b);
        if (toPage) {
          MemorySegment.copy(buffer, b, page, at, 4);
        } else {
          MemorySegment.copy(page, at, buffer, b, 4);
        }
      }
    }
  }
}
