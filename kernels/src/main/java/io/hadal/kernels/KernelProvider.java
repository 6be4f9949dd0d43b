package io.hadal.kernels;

import io.hadal.kernels.foreign.CpuFeatures;
import io.hadal.kernels.foreign.NativeBlockKernels;
import io.hadal.kernels.foreign.NativeByteScores;
import io.hadal.kernels.foreign.NativeGemm;
import io.hadal.kernels.foreign.NativeKernels;
import io.hadal.kernels.foreign.NativeLibrary;
import io.hadal.kernels.packed.PlainBlockKernels;
import io.hadal.kernels.scalar.ScalarAttentionKernels;
import io.hadal.kernels.scalar.ScalarByteScores;
import io.hadal.kernels.scalar.ScalarGemm;
import io.hadal.kernels.scalar.ScalarInputQuantizer;
import io.hadal.kernels.scalar.ScalarKernels;
import io.hadal.kernels.scalar.ScalarTrainingKernels;
import io.hadal.kernels.vector.VectorAttentionKernels;
import io.hadal.kernels.vector.VectorByteScores;
import io.hadal.kernels.vector.VectorGemm;
import io.hadal.kernels.vector.VectorInputQuantizer;
import io.hadal.kernels.vector.VectorKernels;
import io.hadal.kernels.vector.VectorTrainingKernels;
import io.hadal.kernels.vector.packed.VectorBlockKernels;
import org.jspecify.annotations.Nullable;

/**
 * Picks the implementation once. {@code -Dhadal.kernels} forces one: {@code native}, {@code java}
 * (Vector API when its module is present, else scalar), {@code vector} or {@code scalar}; {@code
 * auto} is native where that works, else Java. {@code -Dhadal.vectorBits=128|256|512} forces a
 * vector width, and with it Java.
 */
final class KernelProvider {
  private static final String MODULE = "jdk.incubator.vector";
  private static final String KIND = System.getProperty("hadal.kernels", "auto");
  private static final @Nullable String BITS = System.getProperty("hadal.vectorBits");

  private static final Kernels JAVA = java(KIND, BITS);

  private static final boolean PLAIN = JAVA instanceof ScalarKernels;

  private static final int NATIVE = nativeFeatures(KIND, BITS);

  /** Without a plain form to start with: what a warm-up exercises. */
  static final Kernels UNGATED = withNative(JAVA);

  static final Kernels INSTANCE =
      withNative(PLAIN ? JAVA : new StartingKernels(JAVA, new ScalarKernels()));

  static final Gemm GEMM = PLAIN ? new ScalarGemm() : VectorLoader.gemm();

  static final AttentionKernels UNGATED_ATTENTION =
      PLAIN ? new ScalarAttentionKernels() : VectorLoader.attention();

  static final AttentionKernels ATTENTION =
      PLAIN
          ? UNGATED_ATTENTION
          : new StartingAttentionKernels(UNGATED_ATTENTION, new ScalarAttentionKernels());

  /** Without a plain form to start with. */
  static final ByteScores UNGATED_SCORES =
      NATIVE != 0 ? new NativeByteScores() : PLAIN ? new ScalarByteScores() : VectorLoader.scores();

  static final ByteScores SCORES =
      NATIVE != 0 || PLAIN
          ? UNGATED_SCORES
          : new StartingByteScores(UNGATED_SCORES, new ScalarByteScores());

  static final InputQuantizer UNGATED_QUANTIZER =
      PLAIN ? new ScalarInputQuantizer() : VectorLoader.quantizer();

  static final InputQuantizer QUANTIZER =
      PLAIN
          ? UNGATED_QUANTIZER
          : new StartingInputQuantizer(UNGATED_QUANTIZER, new ScalarInputQuantizer());

  static final TrainingKernels TRAINING =
      PLAIN ? new ScalarTrainingKernels() : VectorLoader.training();

  static final BlockKernels UNGATED_BLOCKS =
      NATIVE != 0
          ? new NativeBlockKernels(NATIVE)
          : PLAIN ? new PlainBlockKernels() : VectorLoader.blocks();

  /** Native code needs no time to be compiled. */
  static final BlockKernels BLOCKS =
      NATIVE != 0 || PLAIN
          ? UNGATED_BLOCKS
          : new StartingBlockKernels(UNGATED_BLOCKS, new PlainBlockKernels());

  private KernelProvider() {}

  private static Kernels withNative(Kernels java) {
    return NATIVE != 0 ? new NativeKernels(java, NATIVE) : java;
  }

  static Gemm bf16Gemm() {
    if ((NATIVE & CpuFeatures.AMX_BF16) == 0) {
      String problem = NativeLibrary.problem();
      throw new UnsupportedOperationException(
          "bf16 products need native kernels and a processor with AMX tiles of bf16: "
              + (NATIVE == 0 && problem == null
                  ? "native kernels are switched off"
                  : problem == null ? "this processor has none" : problem));
    }
    return new NativeGemm();
  }

  /** Features that native kernels use; 0 for Java. */
  static int nativeFeatures(String kind, @Nullable String bits) {
    boolean forced = kind.equals("native");
    if (!forced && (!kind.equals("auto") || bits != null)) {
      return 0;
    }
    String problem = NativeLibrary.problem();
    if (problem == null) {
      return NativeLibrary.features();
    }
    if (forced) {
      throw new IllegalArgumentException(
          "hadal.kernels=native: the native library cannot be used: "
              + problem
              + "; or take hadal.kernels=auto");
    }
    return 0;
  }

  static Kernels java(String kind, @Nullable String bits) {
    int width = width(bits);
    switch (kind) {
      case "auto", "native", "java", "vector" -> {}
      case "scalar" -> {
        return new ScalarKernels();
      }
      default ->
          throw new IllegalArgumentException(
              "hadal.kernels is auto, native, java, vector or scalar, not " + kind);
    }
    if (!vectorModuleReadable()) {
      if (kind.equals("vector")) {
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
      if (VectorBlockKernels.usable()) {
        return new VectorBlockKernels();
      }
      SlowPaths.report(
          "Vector kernels of packed weights are off",
          "plain Java is many times slower",
          "allow native access: --enable-native-access=io.hadal.kernels, or ALL-UNNAMED on a class path");
      return new PlainBlockKernels();
    }

    static InputQuantizer quantizer() {
      return new VectorInputQuantizer();
    }

    static ByteScores scores() {
      return new VectorByteScores();
    }

    static AttentionKernels attention() {
      return new VectorAttentionKernels();
    }

    static TrainingKernels training() {
      return new VectorTrainingKernels();
    }
  }
}
