package io.hadal.engine;

import io.hadal.kernels.KernelTrial;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.SlowPaths;
import io.hadal.kernels.StorageType;
import io.hadal.model.MemoryPlan;
import io.hadal.model.forward.MatrixUses;
import java.util.Locale;

/** Tells what of a model, its options and its kernels is slower than it could be. */
final class ModelSlowPaths {
  private ModelSlowPaths() {}

  /** Storage types without a fast form; small matrices do not matter. */
  static void report(MatrixUses uses) {
    long all = uses.packed().stream().mapToLong(Matrix::byteSize).sum();
    for (StorageType type : new StorageType[] {StorageType.F32, StorageType.F16}) {
      long bytes =
          uses.unpacked().stream().filter(w -> w.type() == type).mapToLong(Matrix::byteSize).sum();
      if (bytes > all / 4 && bytes > 1 << 20) {
        SlowPaths.report(
            "weights stored as " + type,
            type == StorageType.F32
                ? "each token reads 4 bytes a weight instead of about 1 or half a byte"
                : "they have no kernel of their own and are decoded for every token",
            "export them as Q8_0 or Q4_K");
      }
    }
    long ragged =
        uses.unpacked().stream()
            .filter(w -> w.type().blockElements() > 1)
            .mapToLong(Matrix::byteSize)
            .sum();
    if (ragged > all / 4 && ragged > 1 << 20) {
      SlowPaths.report(
          "quantised weights that cannot be packed",
          "mode fast multiplies them as mode exact does",
          "use a model whose groups of output rows are multiples of 16");
    }
  }

  /** A plan against the machine. */
  static void report(MemoryPlan plan, long memory, EngineOptions options) {
    if (plan.weightBytes() > memory) {
      SlowPaths.report(
          "weights of "
              + MemoryPlan.size(plan.weightBytes())
              + " exceed the memory of "
              + MemoryPlan.size(memory),
          "they are read from disk for every token",
          "use a smaller quantisation or a machine with more memory");
    }
    int cores = Runtime.getRuntime().availableProcessors();
    if (options.threads() > cores) {
      SlowPaths.report(
          options.threads() + " threads on " + cores + (cores == 1 ? " core" : " cores"),
          "they wait for each other",
          "use --threads " + cores + " or fewer");
    }
  }

  /** A kernel that stays slow, or whose standard variant does. */
  static void report(KernelTrial trial) {
    if (!trial.warm()) {
      SlowPaths.report(
          "kernel " + trial.name(),
          String.format(Locale.ROOT, "reaches only %.2f operations/ns", trial.rate()),
          "start again, with ./hadal: the compiler has made bad code of it");
    }
  }
}
