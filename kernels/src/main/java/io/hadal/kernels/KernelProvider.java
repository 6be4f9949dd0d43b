package io.hadal.kernels;

import io.hadal.kernels.packed.PlainBlockKernels;
import io.hadal.kernels.scalar.ScalarAttentionKernels;
import io.hadal.kernels.scalar.ScalarGemm;
import io.hadal.kernels.scalar.ScalarKernels;
import io.hadal.kernels.scalar.ScalarTrainingKernels;
import io.hadal.kernels.vector.VectorAttentionKernels;
import io.hadal.kernels.vector.VectorGemm;
import io.hadal.kernels.vector.VectorKernels;
import io.hadal.kernels.vector.VectorTrainingKernels;
import io.hadal.kernels.vector.packed.VectorBlockKernels;
import org.jspecify.annotations.Nullable;

/**
 * Picks the implementation once. {@code -Dhadal.kernels=scalar|vector} forces one, {@code
 * -Dhadal.vectorBits=128|256|512} a vector width.
 */
final class KernelProvider {
  private static final String MODULE = "jdk.incubator.vector";

  /** Without a plain form to start with: what a warm-up exercises. */
  static final Kernels UNGATED =
      load(System.getProperty("hadal.kernels"), System.getProperty("hadal.vectorBits"));

  static final Kernels INSTANCE =
      UNGATED instanceof ScalarKernels
          ? UNGATED
          : new StartingKernels(UNGATED, new ScalarKernels());

  static final Gemm GEMM =
      INSTANCE instanceof ScalarKernels ? new ScalarGemm() : VectorLoader.gemm();

  static final AttentionKernels UNGATED_ATTENTION =
      INSTANCE instanceof ScalarKernels ? new ScalarAttentionKernels() : VectorLoader.attention();

  static final AttentionKernels ATTENTION =
      INSTANCE instanceof ScalarKernels
          ? UNGATED_ATTENTION
          : new StartingAttentionKernels(UNGATED_ATTENTION, new ScalarAttentionKernels());

  static final TrainingKernels TRAINING =
      INSTANCE instanceof ScalarKernels ? new ScalarTrainingKernels() : VectorLoader.training();

  static final BlockKernels UNGATED_BLOCKS =
      INSTANCE instanceof ScalarKernels ? new PlainBlockKernels() : VectorLoader.blocks();

  static final BlockKernels BLOCKS =
      INSTANCE instanceof ScalarKernels
          ? UNGATED_BLOCKS
          : new StartingBlockKernels(UNGATED_BLOCKS, new PlainBlockKernels());

  private KernelProvider() {}

  static Kernels load(@Nullable String kind, @Nullable String bits) {
    int width = width(bits);
    if (kind != null && !kind.equals("scalar") && !kind.equals("vector")) {
      throw new IllegalArgumentException("hadal.kernels is scalar or vector, not " + kind);
    }
    if ("scalar".equals(kind)) {
      return new ScalarKernels();
    }
    if (!vectorModuleReadable()) {
      if (kind != null) {
        throw new IllegalArgumentException(
            "hadal.kernels=vector needs the JVM flag --add-modules " + MODULE);
      }
      SlowPaths.report(
          "Vector kernels are off",
          "plain Java is many times slower",
          "start with ./hadal, or add --add-modules " + MODULE);
      return new ScalarKernels();
    }
    return VectorLoader.load(width);
  }

  private static int width(@Nullable String bits) {
    return switch (bits) {
      case null -> 0;
      case "128" -> 128;
      case "256" -> 256;
      case "512" -> 512;
      default ->
          throw new IllegalArgumentException("hadal.vectorBits is 128, 256 or 512, not " + bits);
    };
  }

  /** Not by {@code ModuleLayer.boot()}: a launcher may resolve the module after start-up. */
  private static boolean vectorModuleReadable() {
    try {
      Class<?> vector =
          Class.forName(MODULE + ".FloatVector", false, KernelProvider.class.getClassLoader());
      return KernelProvider.class.getModule().canRead(vector.getModule());
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  /** A class of its own, so that vector classes are linked only when their module is there. */
  private static final class VectorLoader {
    static Kernels load(int width) {
      return VectorKernels.usable(width) ? new VectorKernels() : new ScalarKernels();
    }

    static Gemm gemm() {
      return new VectorGemm();
    }

    static BlockKernels blocks() {
      return new VectorBlockKernels();
    }

    static AttentionKernels attention() {
      return new VectorAttentionKernels();
    }

    static TrainingKernels training() {
      return new VectorTrainingKernels();
    }
  }
}
