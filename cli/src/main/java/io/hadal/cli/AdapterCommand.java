package io.hadal.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal adapter}: what can be done with adapters beside serving them. */
@Command(
    name = "adapter",
    description = "Works with what `hadal finetune --method lora` has made.",
    subcommands = AdapterMergeCommand.class)
final class AdapterCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command? See --help");
  }
}
