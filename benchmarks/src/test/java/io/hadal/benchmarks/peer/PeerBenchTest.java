package io.hadal.benchmarks.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.kernels.Kernels;
import io.hadal.kernels.StorageType;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class PeerBenchTest {
  @Test
  void expertsGetTheirTokensAndSlotsTheirProducts() {
    Kernels kernels = Kernels.get();
    try (Arena arena = Arena.ofConfined()) {
      Work work = Work.experts(arena, StorageType.Q8_0, 8, 64, 6, 4, 9);
      JavaSide side = new JavaSide(arena, new Contender.Exact(kernels), work);
      side.run(0);
      float[] expected = new float[9 * 4 * 8];
      for (int t = 0; t < 9; t++) {
        for (int s = 0; s < 4; s++) {
          int at = (t * 4 + s) * 8;
          kernels.matmul(
              work.matrix(work.expert(t, s)), 0, 8, work.x(), t * 64, 64, 1, expected, at, 8);
        }
      }
      assertThat(side.output()).isEqualTo(expected);
    }
  }

  @Test
  void aTokensExpertsDifferAndAllExpertsHaveEquallyMany() {
    try (Arena arena = Arena.ofConfined()) {
      Work work = Work.experts(arena, StorageType.F32, 1, 4, 32, 4, 128);
      int[] count = new int[32];
      for (int t = 0; t < 128; t++) {
        int token = t;
        int[] own = new int[4];
        Arrays.setAll(own, s -> work.expert(token, s));
        assertThat(own).doesNotHaveDuplicates();
        for (int e : own) {
          count[e]++;
        }
      }
      assertThat(count).containsOnly(16);
    }
  }

  @Test
  void ratiosArePaired() {
    // Both sides slow down in the second half: the ratio of each round stays.
    Rounds rounds = new Rounds(new double[][] {{1, 1, 10, 10, 10}, {2, 2, 20, 20, 20}});
    assertThat(rounds.ratio(0, 1)).isEqualTo(2);
    assertThat(rounds.ratio(1, 0)).isEqualTo(0.5);
    assertThat(rounds.median(0)).isEqualTo(10);
  }

  @Test
  void namesAFolderWithoutTheLibrary(@TempDir Path folder) {
    StringWriter errors = new StringWriter();
    int code = run(errors, new StringWriter(), "--ggml", folder.toString(), "--same-process");
    assertThat(code).isEqualTo(2);
    assertThat(errors.toString()).contains("--ggml " + folder).contains("libggml-base");
  }

  @Test
  void namesTheContendersThatThereAre(@TempDir Path folder) {
    StringWriter errors = new StringWriter();
    int code =
        run(errors, new StringWriter(), "--ggml", folder.toString(), "--contenders", "faster");
    assertThat(code).isEqualTo(2);
    assertThat(errors.toString()).contains("--contenders faster: there is exact");
  }

  /** Run with {@code -Dtest=PeerBenchTest -Dhadal.ggml=DIR}. */
  @Test
  @EnabledIfSystemProperty(named = "hadal.ggml", matches = ".+")
  void agreesWithTheLibrary() {
    for (List<String> shape :
        List.of(
            List.of("--case", "gemv", "--rows", "64"),
            List.of("--case", "dense", "--rows", "64", "--tokens", "5"),
            List.of("--case", "moe", "--rows", "64", "--experts", "4", "--used", "2"))) {
      StringWriter out = new StringWriter();
      StringWriter errors = new StringWriter();
      List<String> args =
          new ArrayList<>(List.of("--ggml", System.getProperty("hadal.ggml"), "--cols", "512"));
      args.addAll(List.of("--weights", "1", "--rounds", "3", "--warm-up", "0.01", "--csv"));
      args.addAll(List.of("--types", "BF16,Q4_K,MXFP4,IQ3_XXS", "--same-process"));
      args.addAll(shape);
      assertThat(run(errors, out, args.toArray(String[]::new))).as(errors.toString()).isZero();
      List<String> rows = out.toString().lines().skip(1).toList();
      assertThat(rows).hasSizeGreaterThanOrEqualTo(8);
      for (String row : rows) {
        assertThat(Double.parseDouble(row.substring(row.lastIndexOf(',') + 1)))
            .as(row)
            .isLessThan(0.02);
      }
    }
  }

  private static int run(StringWriter errors, StringWriter out, String... args) {
    return new CommandLine(new PeerBench())
        .setErr(new PrintWriter(errors, true))
        .setOut(new PrintWriter(out, true))
        .execute(args);
  }
}
