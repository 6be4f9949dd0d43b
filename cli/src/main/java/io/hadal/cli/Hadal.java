package io.hadal.cli;

import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;

/** Entry point of the {@code hadal} command. */
public final class Hadal {
  private Hadal() {}

  public static void main(String[] args) {
    Optional<String> refusal = JavaVersion.refusal(Runtime.version());
    if (refusal.isPresent()) {
      System.err.println(refusal.get());
      System.exit(ExitCode.CHECK_FAILED);
    }
    CommandLine commandLine = commandLine(System.getenv());
    commandLine.setOut(utf8(System.out)).setErr(utf8(System.err));
    System.exit(run(commandLine, args));
  }

  /** Text goes out as UTF-8 whatever the locale, so that pipes see the same bytes everywhere. */
  private static PrintWriter utf8(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  /** The configured command line; {@code environment} decides about debugging output. */
  static CommandLine commandLine(Map<String, String> environment) {
    Failures failures = new Failures("1".equals(environment.get("HADAL_DEBUG")));
    return new CommandLine(new HadalCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(failures)
        .setExecutionExceptionHandler(failures)
        .setExecutionStrategy(Hadal::execute);
  }

  /** Runs one command line to its exit code; never throws. */
  static int run(CommandLine commandLine, String... args) {
    try {
      return commandLine.execute(args);
    } catch (Throwable e) {
      // picocli hands exceptions to the handlers and lets errors such as OutOfMemoryError through.
      Failures failures = (Failures) commandLine.getExecutionExceptionHandler();
      return failures.report(e, commandLine.getErr());
    } finally {
      commandLine.getOut().flush();
      commandLine.getErr().flush();
    }
  }

  private static int execute(ParseResult parsed) {
    @Nullable Integer help = CommandLine.executeHelpRequest(parsed);
    if (help != null) {
      return help;
    }
    VectorModule.resolve();
    return new RunLast().execute(parsed);
  }

  /** A line to the user about something that is wrong. */
  static void complain(PrintWriter err, String message) {
    err.println("hadal: " + message);
    err.flush();
  }
}
