package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JavaVersionTest {
  @ParameterizedTest
  @ValueSource(strings = {"25.0.3+9-LTS", "25.0.4", "25.0.10", "25.1", "26-ea+3"})
  void acceptsFixedVersions(String version) {
    assertThat(JavaVersion.refusal(Runtime.Version.parse(version))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"25", "25.0.2+10", "24.0.9", "21.0.11"})
  void refusesOlderOnes(String version) {
    assertThat(JavaVersion.refusal(Runtime.Version.parse(version)))
        .hasValueSatisfying(
            line ->
                assertThat(line)
                    .contains("Java " + version, "miscompile", "install a JDK 25")
                    .hasLineCount(1));
  }

  @Test
  void thisBuildRunsOnAFixedVersion() {
    assertThat(JavaVersion.refusal(Runtime.version())).isEmpty();
  }
}
