package io.hadal.kernels.foreign;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** Functions of the C library of Linux on 64 bits; the values of their constants are Linux's. */
final class LibC {
  private LibC() {}

  /**
   * A function.
   *
   * @param descriptor with {@code long} where C has {@code size_t}, {@code off_t} or a pointer
   * @return null on other systems, where there is none of this name, and where this module may not
   *     call native code
   */
  static @Nullable MethodHandle function(String name, FunctionDescriptor descriptor) {
    if (!System.getProperty("os.name", "").equals("Linux")
        || !LibC.class.getModule().isNativeAccessEnabled()) {
      return null;
    }
    Linker linker = Linker.nativeLinker();
    if (!(linker.canonicalLayouts().get("size_t") instanceof ValueLayout.OfLong)) {
      return null;
    }
    MemorySegment symbol = linker.defaultLookup().find(name).orElse(null);
    return symbol == null ? null : linker.downcallHandle(symbol, descriptor);
  }
}
