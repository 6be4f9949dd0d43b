package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The choice of an implementation, in JVMs of their own. */
class KernelProviderTest {

  /** Prints name and a product; runs in the child. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] args) {
      Kernels kernels = Kernels.get();
      Matrix w = MatrixFixtures.random(StorageType.Q8_0, 3, 64, new Random(1));
      float[] y = new float[3];
      kernels.matmul(w, 0, 3, TestArrays.gaussian(new Random(2), 64), 0, 64, 1, y, 0, 3);
      Kernels again = Kernels.get();
      System.out.println(again.name() + " " + y[0] + " " + y[1] + " " + y[2]);
    }
  }

  /** Prints the name of the packed kernels and a product of several tokens; runs in the child. */
  static final class PackedProbe {
    private PackedProbe() {}

    public static void main(String[] args) {
      BlockKernels kernels = KernelProvider.UNGATED_BLOCKS;
      Matrix w = MatrixFixtures.random(StorageType.Q8_0, 32, 64, new Random(1));
      new PackedProduct(kernels, w, 8).run(0);
      System.out.println(kernels.name());
    }
  }

  private record Output(List<String> out, List<String> err) {}

  private static Output run(String... flags) throws IOException, InterruptedException {
    return run(Probe.class, flags);
  }

  private static Output run(Class<?> probe, String... flags)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), probe.getName()));
    Process process = new ProcessBuilder(command).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return new Output(out.lines().toList(), err.lines().toList());
  }

  private static final String[] VECTOR = {"--add-modules", "jdk.incubator.vector"};

  @Test
  void withoutTheModuleScalarWorksAndSaysSoOnce() throws IOException, InterruptedException {
    Output scalar = run("-Djava.util.logging.SimpleFormatter.format=%4$s %5$s%n");
    assertThat(scalar.out).hasSize(1);
    assertThat(scalar.out.getFirst()).startsWith("scalar ");
    assertThat(scalar.err).hasSize(1);
    assertThat(scalar.err.getFirst()).contains("--add-modules jdk.incubator.vector");

    Output vector = run(VECTOR);
    assertThat(vector.out.getFirst()).startsWith("vector-");
    assertThat(vector.out.getFirst().split(" ", 2)[1])
        .isEqualTo(scalar.out.getFirst().split(" ", 2)[1]);
  }

  @Test
  void propertiesForceAChoice() throws IOException, InterruptedException {
    assertThat(run(VECTOR[0], VECTOR[1], "-Dhadal.kernels=scalar").out.getFirst())
        .startsWith("scalar ");
    assertThat(run(VECTOR[0], VECTOR[1], "-Dhadal.vectorBits=128").out.getFirst())
        .startsWith("vector-128 ");
    // A choice made on purpose needs no warning.
    assertThat(run("-Dhadal.kernels=scalar").err).isEmpty();
  }

  @Test
  void nativeIsChosenWhereItWorksAndMayBeForced() throws IOException, InterruptedException {
    String access = "--enable-native-access=ALL-UNNAMED";
    Output java = run(VECTOR[0], VECTOR[1], access, "-Dhadal.kernels=java");
    assertThat(java.out.getFirst()).startsWith("vector-");
    Output automatic = run(VECTOR[0], VECTOR[1], access);
    if (NativeStatus.get().usable()) {
      assertThat(automatic.out.getFirst()).startsWith("native-");
    } else {
      assertThat(automatic.out.getFirst()).startsWith("vector-");
    }
    // The incubator module is announced, nothing else.
    assertThat(automatic.err).hasSize(1);
    assertThat(automatic.out.getFirst().split(" ", 2)[1])
        .isEqualTo(java.out.getFirst().split(" ", 2)[1]);
    // A forced width is one of the Vector API.
    assertThat(run(VECTOR[0], VECTOR[1], access, "-Dhadal.vectorBits=256").out.getFirst())
        .startsWith("vector-256 ");

    Output forced = run(VECTOR[0], VECTOR[1], "-Dhadal.kernels=native");
    assertThat(forced.out).isEmpty();
    assertThat(String.join("\n", forced.err))
        .containsPattern("hadal.kernels=native: the native library cannot be used: .*; .*");
  }

  @Test
  void deniedNativeAccessLeavesPlainJava() throws IOException, InterruptedException {
    Output denied =
        run(
            PackedProbe.class,
            VECTOR[0],
            VECTOR[1],
            "--illegal-native-access=deny",
            "-Djava.util.logging.SimpleFormatter.format=%4$s %5$s%n");
    assertThat(denied.out).hasSize(1);
    assertThat(denied.out.getFirst()).startsWith("scalar");
    assertThat(String.join("\n", denied.err)).contains("--enable-native-access");
    assertThat(
            run(
                    PackedProbe.class,
                    VECTOR[0],
                    VECTOR[1],
                    "--enable-native-access=ALL-UNNAMED",
                    "-Dhadal.kernels=java")
                .out
                .getFirst())
        .startsWith("vector-");
  }

  @Test
  void invalidPropertiesAreRefused() {
    assertThatThrownBy(() -> KernelProvider.java("avx", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("hadal.kernels is auto, native, java, vector or scalar, not avx");
    assertThatThrownBy(() -> KernelProvider.java("auto", "64"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("hadal.vectorBits is 128, 256 or 512, not 64");
  }
}
