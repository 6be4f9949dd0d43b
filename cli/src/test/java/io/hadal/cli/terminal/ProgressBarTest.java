package io.hadal.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
  private static String run(boolean visible) {
    StringWriter err = new StringWriter();
    try (ProgressBar bar = new ProgressBar(new PrintWriter(err), visible, "loading", 4)) {
      bar.advance(1);
      bar.advance(3);
      bar.advance(5);
    }
    return err.toString();
  }

  @Test
  void showsProgressAndRemovesItself() {
    assertThat(run(true)).contains("loading [", " 25%", "100%").endsWith("\r\u001b[K");
  }

  @Test
  void isSilentWhenNobodyWatches() {
    assertThat(run(false)).isEmpty();
  }
}
