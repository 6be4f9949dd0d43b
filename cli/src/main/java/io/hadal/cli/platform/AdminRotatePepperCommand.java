package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.keys.Pepper;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal admin rotate-pepper}: another pepper for the secrets of keys. */
@Command(
    name = "rotate-pepper",
    description = {
      "Adds a generation to the pepper that keys are hashed with, and drops the one before the"
          + " last.",
      "Servers take it at their next start. A key moves to it when it is used; keys that are not"
          + " used before the next rotation end."
    })
final class AdminRotatePepperCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private PlatformOption platform = new PlatformOption();

  @Override
  public Integer call() {
    int generation;
    try (PlatformOption.Opened opened = platform.existing(spec.commandLine().getErr())) {
      generation = Pepper.rotate(platform.folder().pepper()).generation();
      CommandAudit.tell(
          opened.database(), "pepper.rotate", "pepper", "generation", Integer.toString(generation));
    }
    spec.commandLine().getOut().println("pepper of generation " + generation);
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }
}
