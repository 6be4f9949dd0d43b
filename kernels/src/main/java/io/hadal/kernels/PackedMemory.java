package io.hadal.kernels;

import io.hadal.kernels.foreign.LargePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory for packed matrices, taken from the system in large pieces, on large pages where there are
 * some. One thread at a time.
 */
public final class PackedMemory implements AutoCloseable {
  private static final long PIECE = 32L << 20;
  private static final long ALIGNMENT = 64;

  private final Arena arena = Arena.ofShared();
  private MemorySegment piece = MemorySegment.NULL;
  private long used;

  /** Zeroed memory, 64-byte aligned, until {@link #close}. */
  public MemorySegment allocate(long bytes) {
    long size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > PIECE / 2) {
      return LargePages.allocate(size, arena).asSlice(0, bytes);
    }
    if (used + size > piece.byteSize()) {
      piece = LargePages.allocate(PIECE, arena);
      used = 0;
    }
    MemorySegment out = piece.asSlice(used, bytes);
    used += size;
    return out;
  }

  /** Gives all memory back; again is harmless. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
