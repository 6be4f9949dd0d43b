package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.FormatException;
import io.hadal.server.KeyRing;
import io.hadal.server.ServeConfig;
import io.hadal.server.config.MailConfig;
import io.hadal.server.config.NamedSecret;
import io.hadal.server.config.Overrides;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
      "Secrets that it refers to must be there as files; variables that are not set are a warning,"
          + " because the server may run elsewhere.",
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
    List<NamedSecret.Finding> findings =
        config.secrets().stream().map(NamedSecret::check).filter(Objects::nonNull).toList();
    PrintWriter err = spec.commandLine().getErr();
    for (NamedSecret.Finding finding : findings) {
      err.println(file + ": " + (finding.error() ? "error: " : "warning: ") + finding.text());
    }
    err.flush();
    if (findings.stream().anyMatch(NamedSecret.Finding::error)) {
      return ExitCode.BAD_INPUT;
    }
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
