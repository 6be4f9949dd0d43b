package io.hadal.model.cache;

import io.hadal.kernels.ByteTile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A worker's room for index keys in another form or order than they are stored in. It lies outside
 * the heap like all that kernels read: C2 makes slower code of a kernel's loads once any of them
 * has seen an array.
 */
public final class KeyRoom {
  private final int[] words;
  private final MemorySegment tile;
  private final MemorySegment gathered;

  /** Room for keys of so many values. */
  public KeyRoom(int width) {
    this.words = new int[ByteTile.words(width)];
    this.tile = Arena.ofAuto().allocate(ByteTile.bytes(width), 64);
    this.gathered = Arena.ofAuto().allocate(ByteTile.bytes(width), 64);
  }

  /** Words of a {@link ByteTile}, to be filled before {@link #tile}. */
  int[] words() {
    return words;
  }

  /** The words as kernels read them. */
  MemorySegment tile() {
    MemorySegment.copy(words, 0, tile, ValueLayout.JAVA_INT, 0, words.length);
    return tile;
  }

  /** Room for keys as they are stored. */
  MemorySegment gathered() {
    return gathered;
  }
}
