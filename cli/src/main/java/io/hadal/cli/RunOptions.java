package io.hadal.cli;

import io.hadal.engine.EngineOptions;
import io.hadal.kernels.SystemMemory;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Threads and memory of every command that runs a model. */
final class RunOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Worker threads; results do not depend on them. Default: all processors.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--memory-limit",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "Memory that may be used, such as 8G. Default: what the machine has free.")
  private long memoryLimit;

  @Option(
      names = "--stream",
      description =
          "Leave weights on disk and read them as needed when they exceed memory; slower.")
  private boolean stream;

  /** Read when the first kernel is used, which is after the command line. */
  @Option(
      names = "--kernels",
      paramLabel = "KIND",
      description =
          "${COMPLETION-CANDIDATES}: AUTO takes the native kernels where the machine has what they"
              + " need, else those in Java; results are the same bits. Default: AUTO.")
  private void kernels(KernelKind kind) {
    System.setProperty("hadal.kernels", kind.name().toLowerCase(Locale.ROOT));
  }

  /** Implementations of the kernels. */
  enum KernelKind {
    AUTO,
    NATIVE,
    JAVA,
    SCALAR
  }

  int threads() {
    return threads;
  }

  boolean streaming() {
    return stream;
  }

  /** The limit, or what the machine has. */
  long memory() {
    return memoryLimit > 0 ? memoryLimit : SystemMemory.available();
  }

  /** Engine options of this command line, for the context asked for. */
  EngineOptions engine(int context) {
    try {
      return EngineOptions.defaults()
          .withThreads(threads)
          .withContext(context)
          .withMemory(memoryLimit, stream);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage() + "");
    }
  }
}
