package io.hadal.train.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SourceListTest {
  @Test
  void bundledListHoldsTheAgreedTestProjects() {
    Set<String> test =
        SourceList.bundled().sources().stream()
            .filter(s -> s.split() == Split.TEST)
            .map(SourceList.Source::project)
            .collect(Collectors.toSet());
    assertThat(test)
        .containsExactlyInAnyOrder(
            "jsoup",
            "guice",
            "mybatis",
            "gson",
            "okhttp",
            "quartz",
            "joda-time",
            "commons-csv",
            "commons-cli",
            "hikaricp",
            "threetenbp",
            "log4j-api");
  }

  @Test
  void commentsAndKindsOfArtifacts() {
    SourceList list = SourceList.parse("# none\n\ntrain p g:a:1 # why\nvalid q g:b:2:jar\n", "l");
    assertThat(list.sources())
        .containsExactly(
            new SourceList.Source(
                Split.TRAIN, "p", new Coordinates("g", "a", "1", "sources", "jar")),
            new SourceList.Source(Split.VALID, "q", new Coordinates("g", "b", "2", "", "jar")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "train p",
        "infile p g:a:1",
        "train P g:a:1",
        "train ../p g:a:1",
        "train p g:a",
        "train p g:a:1:war",
        "train p g:../a:1",
        "train p g:a:${version}",
        "train p g:a:1\ntrain p g:a:1",
        "train p g:a:1\ntest p g:b:1"
      })
  void broken(String text) {
    assertThatThrownBy(() -> SourceList.parse(text, "list"))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith("list");
  }
}
