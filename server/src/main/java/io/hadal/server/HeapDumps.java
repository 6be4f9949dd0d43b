package io.hadal.server;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicBoolean;

/** Dumps of the memory, which would hold the content of requests that are running. */
final class HeapDumps {
  private static final System.Logger LOG = System.getLogger("hadal.server");
  private static final AtomicBoolean FORBIDDEN = new AtomicBoolean();

  private HeapDumps() {}

  /** Writes none when memory runs out, from now on. */
  static void forbid() {
    if (!FORBIDDEN.compareAndSet(false, true)) {
      return;
    }
    HotSpotDiagnosticMXBean machine =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    if (machine != null
        && "true".equals(machine.getVMOption("HeapDumpOnOutOfMemoryError").getValue())) {
      machine.setVMOption("HeapDumpOnOutOfMemoryError", "false");
      LOG.log(Level.INFO, "heap dumps are off: a project holds health information");
    }
  }
}
