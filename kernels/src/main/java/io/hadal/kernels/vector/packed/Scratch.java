package io.hadal.kernels.vector.packed;

import io.hadal.kernels.vector.OffHeap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Floats outside the heap, from a multiple of 64 bytes on. Vectors in a Java array cross lines of
 * the cache, since an array's first element can be at any multiple of eight.
 */
final class Scratch {
  /** {@link OffHeap#MEMORY}. */
  static final MemorySegment MEMORY = OffHeap.MEMORY;

  private final MemorySegment own;
  private final long address;

  Scratch(int floats) {
    own = Arena.ofAuto().allocate(4L * floats, 64);
    address = own.address();
  }

  long address() {
    return address;
  }

  int length() {
    return (int) (own.byteSize() / 4);
  }

  /** Zeroes the first floats. */
  void clear(int floats) {
    own.asSlice(0, 4L * floats).fill((byte) 0);
  }

  /** Copies floats to an array. */
  void get(int from, float[] to, int at, int count) {
    MemorySegment.copy(own, ValueLayout.JAVA_FLOAT, 4L * from, to, at, count);
  }
}
