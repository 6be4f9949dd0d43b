package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KernelTrialTest {
  private static final long SECOND = 1_000_000_000;

  private static KernelExercise exercise(long[] micros, AtomicInteger chosen) {
    return new KernelExercise(
        "test",
        1_000_000,
        0.25,
        List.of("first", "second"),
        v -> LockSupport.parkNanos(micros[v] * 1000),
        chosen::set);
  }

  @Test
  void takesTheClearlyFasterVariant() {
    AtomicInteger chosen = new AtomicInteger(-1);
    KernelTrial trial =
        KernelTrial.of(exercise(new long[] {3000, 200}, chosen), SECOND / 5, () -> false);
    assertThat(chosen).hasValue(1);
    assertThat(trial.variant()).isEqualTo("second");
    assertThat(trial.standard()).isEqualTo("first");
    assertThat(trial.warm()).isTrue();
  }

  @Test
  void keepsTheStandardOneUnlessItIsClearlySlower() {
    AtomicInteger chosen = new AtomicInteger(-1);
    KernelTrial.of(exercise(new long[] {200, 200}, chosen), SECOND / 5, () -> false);
    assertThat(chosen).hasValue(0);
  }

  @Test
  void tellsAKernelThatStaysSlow() {
    AtomicInteger chosen = new AtomicInteger(-1);
    KernelTrial trial =
        KernelTrial.of(exercise(new long[] {20_000, 21_000}, chosen), SECOND / 20, () -> false);
    assertThat(trial.warm()).isFalse();
  }

  @Test
  void stopsAtOnceWithoutAChoice() {
    AtomicInteger chosen = new AtomicInteger(-1);
    KernelTrial.of(exercise(new long[] {100, 100}, chosen), 60 * SECOND, () -> true);
    assertThat(chosen).hasValue(-1);
  }

  /** Whatever the trial chooses and whatever gate is held: the same bits. */
  @ParameterizedTest
  @EnumSource(
      value = StorageType.class,
      names = {"Q8_0", "Q4_K", "Q2_K", "MXFP4", "IQ2_XXS", "Q3_K"})
  void formsAndGatesDoNotShowInResults(StorageType type) {
    int rows = 48;
    int cols = 512;
    byte[] data = new byte[Math.toIntExact(type.bytes((long) rows * cols))];
    RandomBlocks.of(type, 0.5).fill(new SplittableRandom(7), data);
    Matrix w = Matrix.of(type, MemorySegment.ofArray(data), rows, cols);
    float[] x = KernelExercise.input(8 * cols);
    BlockKernels kernels = BlockKernels.get();
    for (int tokens : new int[] {1, 8}) {
      PackedMatrix packed = PackedMatrix.allocate(w, java.lang.foreign.Arena.ofAuto());
      packed.pack(w, 0, packed.groups());
      List<float[]> results = new ArrayList<>();
      List<BlockInput.Form> forms = kernels.forms(packed, tokens);
      for (BlockInput.Form form : forms) {
        kernels.choose(packed, tokens, form);
        results.add(product(kernels, packed, tokens, x));
      }
      if (!forms.isEmpty()) {
        kernels.choose(packed, tokens, forms.getFirst());
      }
      KernelGate gate = KernelGate.packed(type, tokens > 2);
      gate.hold();
      results.add(product(kernels, packed, tokens, x));
      gate.release();
      results.add(product(kernels, packed, tokens, x));
      assertThat(results).allMatch(y -> Arrays.equals(y, results.getFirst()));
      gate.hold();
      assertThat(gate.open()).as("a released gate is never held again").isTrue();
    }
  }

  private static float[] product(BlockKernels kernels, PackedMatrix w, int tokens, float[] x) {
    BlockInput input = new BlockInput();
    float[] y = new float[tokens * w.rows()];
    kernels.prepare(input, tokens, w.cols(), w, tokens);
    for (int t = 0; t < tokens; t++) {
      input.quantize(t, x, t * w.cols());
    }
    kernels.multiply(w, 0, w.rows(), input, 0, tokens, y, 0, w.rows());
    return y;
  }

  @ParameterizedTest
  @EnumSource(
      value = StorageType.class,
      names = {"F32", "BF16", "Q8_0", "Q6_K"})
  void waysToAProductDoNotShowInResults(StorageType type) {
    int rows = 20;
    int cols = 256;
    byte[] data = new byte[Math.toIntExact(type.bytes((long) rows * cols))];
    RandomBlocks.of(type, 0.5).fill(new SplittableRandom(3), data);
    Matrix w = Matrix.of(type, MemorySegment.ofArray(data), rows, cols);
    float[] x = KernelExercise.input(cols);
    Kernels kernels = Kernels.get();
    float[] expected = new float[rows];
    kernels.matmul(w, 0, rows, x, 0, cols, 1, expected, 0, rows);
    KernelGate.stored(type, false).hold();
    float[] plain = new float[rows];
    kernels.matmul(w, 0, rows, x, 0, cols, 1, plain, 0, rows);
    KernelGate.stored(type, false).release();
    assertThat(plain).containsExactly(expected);
    ProductWays ways = kernels.ways();
    for (int way = 0; ways != null && way < ways.count(w); way++) {
      float[] y = new float[rows];
      ways.multiply(way, w, 0, rows, x, y);
      assertThat(y).containsExactly(expected);
    }
  }

  @Test
  void aSlowPathIsToldOnce() {
    List<SlowPaths.SlowPath> told = new ArrayList<>();
    SlowPaths.listen(told::add);
    try {
      SlowPaths.report("a test", "takes time", "leave it out");
      SlowPaths.report("a test", "takes time", "leave it out");
    } finally {
      SlowPaths.listen(null);
    }
    assertThat(told)
        .singleElement()
        .extracting(SlowPaths.SlowPath::line)
        .isEqualTo("a test: takes time; leave it out");
    assertThat(SlowPaths.all()).containsAll(told);
  }
}
