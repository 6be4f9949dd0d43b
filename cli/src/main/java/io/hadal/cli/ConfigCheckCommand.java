package io.hadal.cli;

import io.hadal.formats.FormatException;
import io.hadal.server.KeyRing;
import io.hadal.server.ServeConfig;
import io.hadal.server.config.MailConfig;
import io.hadal.server.config.Overrides;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal config check}: whether a configuration file can be used. */
@Command(
    name = "check",
    description = {
      "Reads a configuration file and the files it names, and starts nothing.",
      "Variables such as HADAL__LISTEN__PORT=9000 win over the file, as they do for 'hadal serve'."
    })
final class ConfigCheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "FILE", description = "YAML file for 'hadal serve --config'.")
  private Path file = Path.of("");

  @Override
  public Integer call() {
    ServeConfig config = ServeConfig.read(file, Overrides.of(System.getenv(), Map.of()));
    if (config.keys() != null) {
      KeyRing.read(config.keys());
    }
    requireFile("model.path", config.model());
    requireFile("listen.tls.certificate", config.certificate());
    requireFile("listen.tls.private_key", config.privateKey());
    MailConfig mail = config.platform().mail();
    requireFile("platform.alerts.email.ca", mail == null ? null : mail.authority());
    PrintWriter out = spec.commandLine().getOut();
    out.println(file + ": ok");
    out.flush();
    return ExitCode.OK;
  }

  private void requireFile(String field, @Nullable Path path) {
    if (path != null && !Files.exists(path)) {
      throw new FormatException(file.toString(), field + ": " + path + " does not exist");
    }
  }
}
