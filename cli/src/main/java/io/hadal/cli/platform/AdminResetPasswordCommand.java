package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.signin.BreakGlass;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal admin reset-password}: a new password for the local administrator. */
@Command(
    name = "reset-password",
    description = {
      "Gives the local administrator a new random password and prints it.",
      "Ends its sessions; makes it again if it is gone or archived."
    })
final class AdminResetPasswordCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private PlatformOption platform = new PlatformOption();

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    try (PlatformOption.Opened opened = platform.open(err)) {
      String password =
          opened
              .database()
              .together(
                  () -> {
                    String made = opened.breakGlass().reset().reveal();
                    CommandAudit.tell(
                        opened.database(),
                        "session.reset_password",
                        "principals/" + BreakGlass.NAME);
                    return made;
                  });
      err.println("password of '" + BreakGlass.NAME + "', not shown again:");
      err.flush();
      spec.commandLine().getOut().println(password);
      spec.commandLine().getOut().flush();
      return ExitCode.OK;
    }
  }
}
