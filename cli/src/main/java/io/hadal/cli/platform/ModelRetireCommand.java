package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.registry.Lifecycle;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal model retire}: the end of a version. */
@Command(
    name = "retire",
    description = {
      "Ends a version: requests for it get a 404 that names its successor. Takes a draft away.",
      "No name may point to it."
    })
final class ModelRetireCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "VERSION", description = "The version, FAMILY@DATE.")
  private String version = "";

  @Mixin private ModelData data = new ModelData();

  @Override
  public Integer call() {
    try (ModelData.Opened opened = data.open()) {
      boolean draft =
          opened
              .registry
              .version(version)
              .filter(v -> v.lifecycle() == Lifecycle.DRAFT)
              .isPresent();
      opened.database.together(
          () -> {
            if (draft) {
              opened.registry.discard(version);
            } else {
              opened.registry.retire(version);
            }
            CommandAudit.tell(
                opened.database, draft ? "model.remove" : "model.retire", "models/" + version);
            return version;
          });
      spec.commandLine().getOut().println(version + (draft ? " is gone" : " is retired"));
      spec.commandLine().getOut().flush();
    }
    return ExitCode.OK;
  }
}
