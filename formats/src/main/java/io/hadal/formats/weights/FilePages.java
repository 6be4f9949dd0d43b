package io.hadal.formats.weights;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Resident pages of mapped files. */
public final class FilePages {
  /** A multiple of every usual page size. */
  private static final long PAGE = 1 << 16;

  private static final int DONT_NEED = 4;

  /** {@code madvise}, where there is one that may be called. */
  private static final @Nullable MethodHandle MADVISE = madvise();

  private FilePages() {}

  /**
   * Gives the pages of a mapped file back that lie whole in a range. They are read again when
   * somebody touches them. Does nothing for other memory, on other systems than Linux, and where
   * the module may not call native code.
   *
   * @return bytes of the pages given back; they need not have been resident
   */
  public static long release(MemorySegment range) {
    if (MADVISE == null || !range.isMapped()) {
      return 0;
    }
    long from = (range.address() + PAGE - 1) / PAGE * PAGE;
    long to = (range.address() + range.byteSize()) / PAGE * PAGE;
    if (from >= to) {
      return 0;
    }
    MemorySegment inside = range.asSlice(from - range.address(), to - from);
    try {
      int failed = (int) MADVISE.invokeExact(inside, inside.byteSize(), DONT_NEED);
      return failed == 0 ? inside.byteSize() : 0;
    } catch (Throwable e) {
      throw new IllegalStateException("madvise", e);
    }
  }

  private static @Nullable MethodHandle madvise() {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    if (!system.startsWith("linux") || !FilePages.class.getModule().isNativeAccessEnabled()) {
      return null;
    }
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> symbol = linker.defaultLookup().find("madvise");
    MemoryLayout size = linker.canonicalLayouts().get("size_t");
    if (symbol.isEmpty() || !(size instanceof ValueLayout.OfLong)) {
      return null;
    }
    return linker.downcallHandle(
        symbol.get(),
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT));
  }
}
