package io.hadal.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * How fast this machine reads memory that is not in its caches: the roof of decoding speed, since
 * every token reads all active weights once.
 */
final class MemoryBandwidth implements AutoCloseable {
  private static final long CHUNK = 1 << 20;

  /** Streams read side by side; one alone does not fill the memory controller. */
  private static final int STREAMS = 4;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;

  /**
   * Takes memory to read.
   *
   * @param bytes well above the size of the caches
   */
  MemoryBandwidth(long bytes) {
    memory = arena.allocate(bytes, 64).fill((byte) 1);
  }

  /**
   * Bytes per second that {@code threads} threads read together, the best pass within {@code time}.
   */
  double measure(int threads, Duration time) throws InterruptedException {
    long share = memory.byteSize() / threads / CHUNK * CHUNK;
    if (share == 0) {
      throw new IllegalArgumentException(memory.byteSize() + " bytes for " + threads + " threads");
    }
    try (ExecutorService workers = Executors.newFixedThreadPool(threads)) {
      List<Callable<Long>> pass = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        MemorySegment part = memory.asSlice(t * share, share);
        pass.add(() -> sum(part));
      }
      long end = System.nanoTime() + time.toNanos();
      double best = 0;
      do {
        long start = System.nanoTime();
        for (Future<Long> sum : workers.invokeAll(pass)) {
          if (sum.get() != share / Long.BYTES * 0x0101010101010101L) {
            throw new IllegalStateException("memory does not hold what was written");
          }
        }
        best = Math.max(best, (double) share * threads / (System.nanoTime() - start) * 1e9);
      } while (System.nanoTime() < end);
      return best;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  @Override
  public void close() {
    arena.close();
  }

  private static long sum(MemorySegment memory) {
    long sum = 0;
    for (long from = 0; from < memory.byteSize(); from += CHUNK) {
      sum += chunkSum(memory, from);
    }
    return sum;
  }

  /** Called often enough to be compiled as a whole. */
  private static long chunkSum(MemorySegment memory, long from) {
    long quarter = CHUNK / STREAMS;
    long a = 0;
    long b = 0;
    long c = 0;
    long d = 0;
    for (long i = from; i < from + quarter; i += Long.BYTES) {
      a += memory.get(ValueLayout.JAVA_LONG, i);
      b += memory.get(ValueLayout.JAVA_LONG, i + quarter);
      c += memory.get(ValueLayout.JAVA_LONG, i + 2 * quarter);
      d += memory.get(ValueLayout.JAVA_LONG, i + 3 * quarter);
    }
    return a + b + c + d;
  }
}
