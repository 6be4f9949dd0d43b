package io.hadal.formats.weights;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor as it lies in its file.
 *
 * @param shape outermost dimension first (row-major), also for GGUF, whose files list dimensions
 *     innermost first
 * @param data exactly the tensor's bytes, little endian, read-only
 */
public record StoredTensor(String name, StorageType type, List<Long> shape, MemorySegment data) {

  public StoredTensor {
    shape = List.copyOf(shape);
  }

  /** Number of elements. */
  public long elements() {
    long n = 1;
    for (long d : shape) {
      n = Math.multiplyExact(n, d);
    }
    return n;
  }
}
