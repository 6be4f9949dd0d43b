package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.FormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class FailuresTest {
  @Command(name = "failing")
  private record Failing(Throwable failure) implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
      if (failure instanceof Error error) {
        throw error;
      }
      throw (Exception) failure;
    }
  }

  private static Invocation failWith(Throwable failure, Map<String, String> environment) {
    CommandLine commandLine = Hadal.commandLine(environment);
    commandLine.addSubcommand("failing", new Failing(failure));
    // addSubcommand gives the new command handlers of its own.
    commandLine.setExecutionExceptionHandler(commandLine.getExecutionExceptionHandler());
    return Invocation.run(commandLine, "failing");
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(new FormatException("m.gguf", "bad\n  magic"), 3, "hadal: m.gguf: bad magic"),
        Arguments.of(new NoSuchFileException("m.gguf"), 3, "hadal: m.gguf: no such file"),
        Arguments.of(new AccessDeniedException("m.gguf"), 3, "hadal: m.gguf: permission denied"),
        Arguments.of(
            new UncheckedIOException(new NoSuchFileException("a")), 3, "hadal: a: no such file"),
        Arguments.of(
            new IOException("disk gone"), 3, "hadal: cannot read or write: IOException: disk gone"),
        Arguments.of(new CancellationException(), 130, "hadal: interrupted"),
        Arguments.of(new InterruptedException(), 130, "hadal: interrupted"),
        Arguments.of(new OutOfMemoryError("Java heap space"), 4, "hadal: out of memory"),
        Arguments.of(
            new IllegalStateException("odd"), 70, "hadal: internal error: IllegalStateException"),
        Arguments.of(new StackOverflowError(), 70, "hadal: internal error: StackOverflowError"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void everyFailureIsOneLineAndACode(Throwable failure, int exitCode, String start) {
    Invocation failed = failWith(failure, Map.of());
    assertThat(failed.exitCode()).isEqualTo(exitCode);
    assertThat(failed.err()).startsWith(start).hasLineCount(1);
    assertThat(failed.out()).isEmpty();
  }

  @Test
  void internalErrorsSayHowToReport() {
    Invocation failed = failWith(new IllegalStateException("odd"), Map.of());
    assertThat(failed.err()).contains("HADAL_DEBUG=1").contains("hadal doctor");
  }

  @Test
  void debuggingShowsTheStackTrace() {
    Invocation failed = failWith(new IllegalStateException("odd"), Map.of("HADAL_DEBUG", "1"));
    assertThat(failed.exitCode()).isEqualTo(ExitCode.INTERNAL);
    assertThat(failed.err()).contains("\tat io.hadal.cli.FailuresTest");
  }
}
