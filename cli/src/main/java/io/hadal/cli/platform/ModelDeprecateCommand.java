package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.registry.ModelVersion;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal model deprecate}: a version that will end. */
@Command(
    name = "deprecate",
    description = "Says that a version should not be used any more; answers carry headers with it.")
final class ModelDeprecateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "VERSION", description = "The version, FAMILY@DATE.")
  private String version = "";

  @Option(
      names = "--retires",
      paramLabel = "DATE",
      description = "When it ends, at 00:00 UTC of a day like 2027-03-31. Default: not known yet.")
  private @Nullable String retires;

  @Option(
      names = "--successor",
      paramLabel = "NAME",
      description = "Version or name to use instead.")
  private @Nullable String successor;

  @Mixin private ModelData data = new ModelData();

  @Override
  public Integer call() {
    Instant end = null;
    if (retires != null) {
      try {
        end = LocalDate.parse(retires).atStartOfDay(ZoneOffset.UTC).toInstant();
      } catch (DateTimeException e) {
        throw new ParameterException(
            spec.commandLine(), "--retires must be a date like 2027-03-31, not " + retires, e);
      }
    }
    try (ModelData.Opened opened = data.open()) {
      Instant until = end;
      ModelVersion deprecated =
          opened.database.together(
              () -> {
                CommandAudit.tell(
                    opened.database,
                    "model.deprecate",
                    "models/" + version,
                    "retires",
                    String.valueOf(until),
                    "successor",
                    String.valueOf(successor));
                return opened.registry.deprecate(version, null, until, successor);
              });
      spec.commandLine().getOut().println(deprecated.id() + " is deprecated");
      spec.commandLine().getOut().flush();
    }
    return ExitCode.OK;
  }
}
