package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class HadalTest {
  static Stream<String> commands() {
    return Hadal.commandLine(Map.of()).getSubcommands().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandHasHelp(String command) {
    Invocation help = Invocation.hadal(command, "--help");
    assertThat(help.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(help.out()).contains("Usage: hadal " + command, "Exit codes:");
    assertThat(help.err()).isEmpty();

    Invocation other = Invocation.hadal("help", command);
    assertThat(other.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(other.out()).isEqualTo(help.out());
  }

  static Stream<String> examples() {
    return Examples.all().stream();
  }

  /** A flag that is renamed must not go on in the help. */
  @ParameterizedTest
  @MethodSource("examples")
  void examplesAreUnderstoodAndShown(String line) {
    String[] words =
        Pattern.compile("\"([^\"]*)\"|\\S+")
            .matcher(line)
            .results()
            .map(m -> m.group(1) == null ? m.group() : m.group(1))
            .skip(1)
            .toArray(String[]::new);
    CommandLine commandLine = Hadal.commandLine(Map.of());
    List<CommandLine> parsed = commandLine.parseArgs(words).asCommandLineList();
    assertThat(parsed).hasSizeGreaterThan(1);
    String help = Invocation.hadal(words[0], "--help").out();
    assertThat(help.replaceAll("\\s+", " ")).contains("Examples: ", line, "HADAL_JAVA_OPTS");
  }

  @Test
  void topLevelHelpListsCommandsAndExitCodes() {
    Invocation help = Invocation.hadal("--help");
    assertThat(help.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(help.out()).contains(commands().toList());
    assertThat(help.out()).contains("130", "HADAL_JAVA_OPTS");
  }

  @Test
  void versionNamesTheBuildAndTheJava() {
    Invocation version = Invocation.hadal("--version");
    assertThat(version.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(version.out())
        .matches("hadal \\d+\\.\\d+\\.\\d+\\S* \\(Java \\d+.*\\)\\R")
        .contains(Runtime.version().toString());
  }

  @Test
  void noCommandIsWrongUsage() {
    Invocation none = Invocation.hadal();
    assertThat(none.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(none.out()).isEmpty();
    assertThat(none.err()).startsWith("hadal: which command?");
  }

  @Test
  void unknownCommandSuggestsTheNearestOne() {
    Invocation typo = Invocation.hadal("docter");
    assertThat(typo.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(typo.err()).startsWith("hadal: ").contains("hadal doctor");
  }

  @Test
  void unknownOptionPointsToTheHelpOfItsCommand() {
    Invocation wrong = Invocation.hadal("completion", "--frobnicate=1");
    assertThat(wrong.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(wrong.err()).startsWith("hadal: ").contains("--frobnicate");
  }

  @Test
  void completionKnowsEveryCommand() throws Exception {
    Invocation completion = Invocation.hadal("completion");
    assertThat(completion.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(completion.out()).contains("complete -F").contains(commands().toList());
  }

  /** A warning of a library below is a line like all others, without the class that had it. */
  @Test
  void warningsTakeOneLine() {
    Hadal.logInOneLine();
    String format = System.getProperty("java.util.logging.SimpleFormatter.format", "");
    String line =
        String.format(
            format, ZonedDateTime.now(), "io.hadal.Some run", "Some", "WARNING", "F is cut", "");
    assertThat(line).containsPattern(":\\d\\d hadal: WARNING: F is cut\\R$").doesNotContain("Some");
  }
}
