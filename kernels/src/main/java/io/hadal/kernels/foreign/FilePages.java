package io.hadal.kernels.foreign;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** Resident pages of mapped files. */
public final class FilePages {
  /** A multiple of every usual page size. */
  private static final long PAGE = 1 << 16;

  private static final int DONT_NEED = 4;

  private static final @Nullable MethodHandle MADVISE =
      LibC.function(
          "madvise",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));

  private FilePages() {}

  /**
   * Gives the pages of a mapped file back that lie whole in a range. They are read again when
   * somebody touches them. Does nothing for other memory, and where there is no {@link LibC}.
   */
  public static void release(MemorySegment range) {
    if (MADVISE == null || !range.isMapped()) {
      return;
    }
    long from = (range.address() + PAGE - 1) / PAGE * PAGE;
    long to = (range.address() + range.byteSize()) / PAGE * PAGE;
    if (from >= to) {
      return;
    }
    MemorySegment inside = range.asSlice(from - range.address(), to - from);
    try {
      // Advice only: what stays resident does no harm.
      int ignored = (int) MADVISE.invokeExact(inside, inside.byteSize(), DONT_NEED);
    } catch (Throwable e) {
      throw new IllegalStateException("madvise", e);
    }
  }
}
