package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.keys.KeyStore;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal keys revoke}: the end of a key. */
@Command(name = "revoke", description = "Ends a key, for good.")
final class KeysRevokeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private PlatformOption platform = new PlatformOption();

  @Parameters(paramLabel = "ID", description = "Id of the key: key_...")
  private String id = "";

  @Override
  public Integer call() {
    try (PlatformOption.Opened opened = platform.existing(spec.commandLine().getErr());
        KeyStore keys = opened.keys()) {
      String name =
          opened
              .database()
              .together(
                  () -> {
                    String revoked = keys.revoke(id).name();
                    CommandAudit.tell(
                        opened.database(), "key.remove", "keys/" + id, "name", revoked);
                    return revoked;
                  });
      spec.commandLine().getOut().println("revoked " + name);
      spec.commandLine().getOut().flush();
      return ExitCode.OK;
    }
  }
}
