package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.registry.ManifestPrices;
import io.hadal.platform.registry.ModelVersion;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal model activate}: a version that answers. */
@Command(
    name = "activate",
    description = {
      "Lets a draft, or a deprecated version, answer. From now on it never changes.",
      "The name of its family points to it if that name is new."
    })
final class ModelActivateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "VERSION", description = "The version, FAMILY@DATE.")
  private String version = "";

  @Mixin private ModelData data = new ModelData();

  @Override
  public Integer call() {
    try (ModelData.Opened opened = data.open()) {
      Clock clock = Clock.systemUTC();
      PriceBook prices = new PriceBook(opened.database, PriceBook.Unpriced.FREE, clock);
      // Never without its prices, which would make it free.
      ModelVersion active =
          opened.database.together(
              () -> {
                ModelVersion made = opened.registry.activate(version, ModelData.actor());
                ManifestPrices.enter(made, prices, ModelData.actor(), clock);
                CommandAudit.tell(opened.database, "model.activate", "models/" + made.id());
                return made;
              });
      spec.commandLine().getOut().println(active.id() + " is active");
      spec.commandLine().getOut().flush();
    }
    return ExitCode.OK;
  }
}
