package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.FormatException;
import io.hadal.platform.registry.AliasChange;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal model alias}: what a name means. */
@Command(
    name = "alias",
    description = {
      "Points a name to a version, or takes the name away. What it meant before stays in its"
          + " history ('hadal model show NAME').",
      "To move traffic by degrees use a rollout instead."
    })
final class ModelAliasCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "NAME", description = "The name.")
  private String name = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "VERSION",
      description = "What it shall mean, FAMILY@DATE.")
  private @Nullable String version;

  @Option(names = "--remove", description = "Take the name away.")
  private boolean remove;

  @Option(
      names = "--org",
      paramLabel = "ID",
      description = "Only for this organisation. Default: for everybody.")
  private String org = "";

  @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for the history.")
  private String reason = "";

  @Mixin private ModelData data = new ModelData();

  @Override
  public Integer call() {
    if (remove == (version != null)) {
      throw new ParameterException(spec.commandLine(), "give a VERSION, or --remove");
    }
    PrintWriter out = spec.commandLine().getOut();
    try (ModelData.Opened opened = data.open()) {
      if (!org.isEmpty() && !opened.registry.hasOrg(org)) {
        throw new FormatException("--org " + org, "there is no such org; give its id");
      }
      if (version == null) {
        opened.database.together(
            () -> {
              CommandAudit.tellOf(
                  org.isEmpty() ? null : org,
                  opened.database,
                  "model.remove",
                  "aliases/" + name,
                  "reason",
                  reason);
              return opened.registry.unalias(org, name, ModelData.actor(), reason);
            });
        out.println(name + " means nothing any more");
      } else {
        String target = version;
        AliasChange change =
            opened.database.together(
                () -> {
                  CommandAudit.tellOf(
                      org.isEmpty() ? null : org,
                      opened.database,
                      "model.update",
                      "aliases/" + name,
                      "target",
                      target,
                      "reason",
                      reason);
                  return opened.registry.alias(org, name, target, ModelData.actor(), reason);
                });
        out.println(change.name() + " -> " + change.target());
      }
      out.flush();
    }
    return ExitCode.OK;
  }
}
