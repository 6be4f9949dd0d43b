package io.hadal.benchmarks.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.benchmarks.MatmulBenchmark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Fork;

class ChildJvmTest {
  @Test
  void usesTheOptionsOfTheLauncher() throws IOException {
    Pattern option = Pattern.compile("-XX:[A-Za-z]+=[0-9]+|-Djdk\\.incubator\\S+");
    Matcher found = option.matcher(Files.readString(Path.of("../hadal")));
    Set<String> launcher = new TreeSet<>();
    while (found.find()) {
      launcher.add(found.group());
    }
    assertThat(launcher).isNotEmpty();
    assertThat(matching(option, ChildJvm.FLAGS)).isEqualTo(launcher);
    List<String> jmh = List.of(MatmulBenchmark.class.getAnnotation(Fork.class).jvmArgsAppend());
    assertThat(matching(option, jmh)).isEqualTo(launcher);
  }

  @Test
  void saysWhyAChildHasFailed() {
    List<String> lines = new ArrayList<>();
    assertThatThrownBy(
            () ->
                ChildJvm.run(
                    KernelRates.class,
                    List.of(),
                    List.of("none", "F32", "1", "1", "1"),
                    lines::add))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no contender none");
    assertThat(lines).isEmpty();
  }

  private static Set<String> matching(Pattern option, List<String> flags) {
    Stream<String> chosen = flags.stream().filter(f -> option.matcher(f).matches());
    return new TreeSet<>(chosen.toList());
  }
}
