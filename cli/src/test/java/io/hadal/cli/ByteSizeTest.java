package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "8G, 8589934592",
    "512MiB, 536870912",
    "1.5k, 1536",
    "2TB, 2199023255552",
    "1000000, 1000000"
  })
  void unitsArePowersOf1024(String text, long bytes) {
    assertThat(new ByteSize().convert(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "8X", "G", "0", "1e9", "999999999999999T", "8 G"})
  void otherTextIsRefused(String text) {
    assertThatThrownBy(() -> new ByteSize().convert(text))
        .isInstanceOf(TypeConversionException.class);
  }

  @Test
  void largestFittingSizeIsTaken() {
    assertThat(new ByteSize().convert("8388607T")).isPositive();
  }
}
