package io.hadal.formats.weights;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Heap bytes that the current thread has allocated. By reflection, since the module under test does
 * not read jdk.management.
 */
final class Allocation {
  private static final MethodHandle ALLOCATED = find();

  private Allocation() {}

  static long ofThisThread() {
    try {
      return (long) ALLOCATED.invoke();
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static MethodHandle find() {
    try {
      Object threads =
          Class.forName("java.lang.management.ManagementFactory")
              .getMethod("getThreadMXBean")
              .invoke(null);
      return MethodHandles.publicLookup()
          .findVirtual(
              Class.forName("com.sun.management.ThreadMXBean"),
              "getCurrentThreadAllocatedBytes",
              MethodType.methodType(long.class))
          .bindTo(threads);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
