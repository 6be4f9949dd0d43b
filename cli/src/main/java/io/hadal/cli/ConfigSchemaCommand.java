package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.server.ServeConfig;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal config schema}: the JSON Schema of configuration files. */
@Command(name = "schema", description = "Prints the JSON Schema of configuration files.")
final class ConfigSchemaCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    out.print(ServeConfig.schema());
    out.flush();
    return ExitCode.OK;
  }
}
