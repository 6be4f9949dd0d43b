package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.cluster.Nodes;
import io.hadal.platform.registry.AliasChange;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.ProbeResult;
import io.hadal.platform.registry.ProbeResult.Outcome;
import io.hadal.platform.registry.ProbeStore;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal model list}: all versions. */
@Command(
    name = "list",
    description = {
      "Lists versions with their names, the engine nodes that run them, and what they can do.",
      "What a server alone runs is in GET /admin/v1/models and the console."
    })
final class ModelListCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ModelData data = new ModelData();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (ModelData.Opened opened = data.open()) {
      ProbeStore probes = new ProbeStore(opened.database, opened.registry);
      List<AliasChange> aliases = opened.registry.aliases();
      List<ModelVersion> versions = opened.registry.versions();
      if (versions.isEmpty()) {
        out.println("no models yet; see 'hadal model add --help'");
      }
      for (ModelVersion version : versions) {
        String names =
            aliases.stream()
                .filter(a -> a.target().equals(version.id()))
                .map(a -> a.org().isEmpty() ? a.name() : a.name() + " (" + a.org() + ")")
                .collect(Collectors.joining(", "));
        String features =
            probes.last(version.id()).stream()
                .filter(r -> r.outcome() == Outcome.PASSED)
                .map(ProbeResult::feature)
                .collect(Collectors.joining(" "));
        List<String> engines =
            version.manifest().isLocal()
                ? Nodes.offering(opened.database, version.id(), Clock.systemUTC())
                : List.of();
        out.printf(
            "%-40s %-10s %-6s %s%s%s%n",
            version.id(),
            version.lifecycle().text(),
            version.manifest().kind(),
            names.isEmpty() ? "-" : names,
            engines.isEmpty() ? "" : "  on " + String.join(", ", engines),
            features.isEmpty() ? "" : "  [" + features + "]");
      }
      out.flush();
    }
    return ExitCode.OK;
  }
}
