package io.hadal.kernels.vector;

import java.lang.foreign.MemorySegment;

/** Memory by address. */
public final class OffHeap {
  /**
   * All of it. A constant needs no checks in a kernel, where those of a segment of its own take a
   * fifth of the time. Empty where native access is denied.
   */
  public static final MemorySegment MEMORY = memory();

  private OffHeap() {}

  private static MemorySegment memory() {
    try {
      return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    } catch (IllegalCallerException e) {
      return MemorySegment.NULL;
    }
  }
}
