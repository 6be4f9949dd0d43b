package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.kernels.SlowPaths;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
    logInOneLine();
    SlowPaths.listen(path -> System.err.println("hadal: slow: " + path.line()));
    CommandLine commandLine = commandLine(System.getenv(), args);
    commandLine.setOut(utf8(FileDescriptor.out)).setErr(utf8(FileDescriptor.err));
    System.exit(run(commandLine, args));
  }

  /** The JDK's own form takes two lines and names a class, which tells nobody what to do. */
  static void logInOneLine() {
    String format = "java.util.logging.SimpleFormatter.format";
    if (System.getProperty(format) == null) {
      System.setProperty(format, "%1$tF %1$tT hadal: %4$s: %5$s%6$s%n");
    }
  }

  /**
   * Text goes out as UTF-8 whatever the locale. Without a PrintStream in between, which would keep
   * it to itself, a command can see that its reader has gone away.
   */
  private static PrintWriter utf8(FileDescriptor stream) {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(stream), StandardCharsets.UTF_8), true);
  }

  /**
   * The configured command line.
   *
   * @param environment decides about debugging output
   * @param args what it is for; empty for all commands
   */
  static CommandLine commandLine(Map<String, String> environment, String... args) {
    Failures failures = new Failures("1".equals(environment.get("HADAL_DEBUG")));
    CommandLine commandLine = new CommandLine(new HadalCommand());
    HadalCommand.addSubcommands(commandLine, args);
    List<String> words = List.of(args);
    boolean all = words.isEmpty() || words.contains("help");
    if (all || words.contains("--help") || words.contains("-h")) {
      Examples.addTo(commandLine);
    }
    return commandLine
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
