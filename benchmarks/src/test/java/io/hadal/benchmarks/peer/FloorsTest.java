package io.hadal.benchmarks.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FloorsTest {
  @Test
  void comparesAKernelAloneAndAmongOthers() {
    StringWriter out = new StringWriter();
    int code =
        floors(
            out,
            "--types=BF16,Q8_0",
            "--orders=reverse",
            "--floor=0",
            "--seconds=0.05",
            "--steady=0.05");
    assertThat(code).isZero();
    assertThat(out.toString()).contains("| kernel | alone | reverse |");
    assertThat(out.toString()).contains("| BF16 1 |").contains("| Q8_0 1 |");
  }

  /** Run with {@code -Dtest=FloorsTest -Dhadal.slow=true}; five minutes for each contender. */
  @ParameterizedTest
  @MethodSource("contenders")
  @EnabledIfSystemProperty(named = "hadal.slow", matches = "true")
  void noKernelIsMuchSlowerAmongOthers(String contender) {
    StringWriter out = new StringWriter();
    assertThat(floors(out, "--contender=" + contender)).as(out.toString()).isZero();
  }

  static String[] contenders() {
    return Contender.all().stream().map(Contender::name).toArray(String[]::new);
  }

  private static int floors(StringWriter out, String... args) {
    return Floors.run(args, new PrintWriter(out, true));
  }
}
