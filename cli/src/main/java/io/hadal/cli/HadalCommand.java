package io.hadal.cli;

import io.hadal.cli.platform.AdminCommand;
import io.hadal.cli.platform.AuditCommand;
import io.hadal.cli.platform.KeysCommand;
import io.hadal.cli.platform.LedgerCommand;
import io.hadal.cli.platform.ModelCommand;
import io.hadal.cli.platform.RedactCommand;
import io.hadal.cli.platform.RolloutCommand;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The top of the command tree; what is set here with scope INHERIT holds for every subcommand. */
@Command(
    name = "hadal",
    description = "Runs DeepSeek-V4 line models on the JVM.",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = HadalCommand.Version.class,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:success",
      "1:a check found problems (demo, doctor, verify, ledger verify, ...; no suitable JDK)",
      "2:wrong usage",
      "3:a file, model or configuration is missing or invalid",
      "4:does not fit in memory",
      "70:internal error",
      "130:interrupted"
    },
    footer = {
      "",
      "Environment: HADAL_JAVA_HOME (the JDK to use), HADAL_JAVA_OPTS (JVM options), HADAL_DEBUG=1"
          + " (stack traces)."
    })
final class HadalCommand implements Runnable {
  /** In the order of the help. */
  private static final List<Class<?>> SUBCOMMANDS =
      List.of(
          DemoCommand.class,
          CompleteCommand.class,
          InspectCommand.class,
          TokenizeCommand.class,
          GenerateCommand.class,
          LogitsCommand.class,
          ExplainCommand.class,
          VerifyCommand.class,
          CompareCommand.class,
          BenchCommand.class,
          ChatCommand.class,
          ServeCommand.class,
          ConnectCommand.class,
          ConfigCommand.class,
          LedgerCommand.class,
          KeysCommand.class,
          AdminCommand.class,
          AuditCommand.class,
          RedactCommand.class,
          ModelCommand.class,
          RolloutCommand.class,
          CapacityCommand.class,
          ExportCommand.class,
          PackCommand.class,
          SynthCommand.class,
          CorpusCommand.class,
          TokenizerCommand.class,
          TrainCommand.class,
          EvalCommand.class,
          FinetuneCommand.class,
          AdapterCommand.class,
          AblateCommand.class,
          DoctorCommand.class,
          CompletionCommand.class,
          HelpCommand.class);

  @Spec private CommandSpec spec = CommandSpec.create();

  /**
   * Adds the subcommands. When the first argument names one that needs no others, they are left
   * out: to read the annotations of all takes as long as starting the JVM.
   */
  static void addSubcommands(CommandLine commandLine, String... args) {
    for (Class<?> command : SUBCOMMANDS) {
      boolean needsOthers = command == HelpCommand.class || command == CompletionCommand.class;
      if (args.length > 0 && !needsOthers && args[0].equals(name(command))) {
        commandLine.addSubcommand(command);
        return;
      }
    }
    SUBCOMMANDS.forEach(commandLine::addSubcommand);
  }

  /** Name of a command by that of its class. */
  private static String name(Class<?> command) {
    return command.getSimpleName().replaceFirst("Command$", "").toLowerCase(Locale.ROOT);
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command? See --help");
  }

  /** The build's version and what it runs on. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      return new String[] {
        "hadal %s (Java %s, %s %s)"
            .formatted(
                number(),
                Runtime.version(),
                System.getProperty("os.name"),
                System.getProperty("os.arch"))
      };
    }

    static String number() throws IOException {
      try (InputStream in = HadalCommand.class.getResourceAsStream("version.txt")) {
        if (in == null) {
          throw new IOException("version.txt is missing from the build");
        }
        return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
      }
    }
  }
}
