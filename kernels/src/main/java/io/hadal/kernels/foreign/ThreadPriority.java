package io.hadal.kernels.foreign;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The share of the processor that a thread gets while others want it too. HotSpot leaves Java's
 * priorities without effect on Linux; there {@code setpriority} on the calling thread lowers its
 * share, which needs no privilege.
 */
public final class ThreadPriority {
  private static final int PRIO_PROCESS = 0;
  private static final int CALLER = 0;

  private static final @Nullable MethodHandle SETPRIORITY =
      LibC.function(
          "setpriority",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT));

  private ThreadPriority() {}

  /**
   * Lowers the share of the calling thread for good.
   *
   * @param nice 0 to 19; each step is about a fifth less beside threads of the usual priority
   * @return whether the system took it
   */
  public static boolean lower(int nice) {
    if (nice < 0 || nice > 19) {
      throw new IllegalArgumentException("nice is 0 to 19, not " + nice);
    }
    MethodHandle call = SETPRIORITY;
    if (call == null) {
      return false;
    }
    try {
      return (int) call.invokeExact(PRIO_PROCESS, CALLER, nice) == 0;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
