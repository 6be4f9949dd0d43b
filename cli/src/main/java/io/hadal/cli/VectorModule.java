package io.hadal.cli;

import io.hadal.kernels.Kernels;
import java.util.OptionalInt;

/**
 * Brings the Vector API in after start-up. Resolved at start by {@code --add-modules}, an incubator
 * module makes the JVM print a warning to stderr that no option silences, and keeps it from using
 * an archived module graph. The JDK's own way for late system modules does neither; the launcher
 * exports it to this module.
 */
final class VectorModule {
  static final String NAME = "jdk.incubator.vector";

  private static final String VECTOR_CLASS = NAME + ".FloatVector";

  private VectorModule() {}

  /**
   * Resolves the module and lets the kernels read it. Without the launcher's export this does
   * nothing and the kernels stay with what they find.
   */
  static void resolve() {
    Module kernels = Kernels.class.getModule();
    if (!kernels.isNamed() || ModuleLayer.boot().findModule(NAME).isPresent()) {
      return;
    }
    try {
      Class<?> modules = Class.forName("jdk.internal.module.Modules");
      Object vector = modules.getMethod("loadModule", String.class).invoke(null, NAME);
      modules.getMethod("addReads", Module.class, Module.class).invoke(null, kernels, vector);
    } catch (ReflectiveOperationException e) {
      if (System.getenv("HADAL_DEBUG") != null) {
        System.err.println("hadal: " + NAME + " not resolved late: " + e);
      }
    }
  }

  /** Whether the kernels can use the Vector API. */
  static boolean isReadable() {
    try {
      Module vector = Class.forName(VECTOR_CLASS).getModule();
      return Kernels.class.getModule().canRead(vector);
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  /** Bits of this machine's widest vector, as far as the JVM uses it. */
  static OptionalInt width() {
    try {
      Class<?> shape = Class.forName("jdk.incubator.vector.VectorShape");
      Object preferred = shape.getMethod("preferredShape").invoke(null);
      return OptionalInt.of((int) shape.getMethod("vectorBitSize").invoke(preferred));
    } catch (ReflectiveOperationException e) {
      return OptionalInt.empty();
    }
  }
}
