package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.keys.KeyStore;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal keys rotate}: another secret for a key. */
@Command(
    name = "rotate",
    description = "Gives a key a new secret and prints its text; the old one goes on for a while.")
final class KeysRotateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private PlatformOption platform = new PlatformOption();

  @Parameters(paramLabel = "ID", description = "Id of the key: key_...")
  private String id = "";

  @Option(
      names = "--grace-hours",
      paramLabel = "N",
      defaultValue = "24",
      description = "How long the old secret works, 0 to 720. Default: ${DEFAULT-VALUE}.")
  private int hours = 24;

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    try (PlatformOption.Opened opened = platform.existing(err);
        KeyStore keys = opened.keys()) {
      Duration grace = Duration.ofHours(hours);
      KeyStore.Created created =
          opened
              .database()
              .together(
                  () -> {
                    KeyStore.Created made = keys.rotate(id, grace);
                    CommandAudit.tell(
                        opened.database(),
                        "key.rotate",
                        "keys/" + id,
                        "grace_seconds",
                        Long.toString(grace.toSeconds()));
                    return made;
                  });
      err.println("the old text works for " + hours + " hours; the new one is not shown again:");
      err.flush();
      spec.commandLine().getOut().println(created.text().reveal());
      spec.commandLine().getOut().flush();
      return ExitCode.OK;
    }
  }
}
