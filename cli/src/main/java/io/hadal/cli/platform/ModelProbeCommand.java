package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.probe.ProbeSuite;
import io.hadal.platform.probe.ProbeTarget;
import io.hadal.platform.probe.ProbedName;
import io.hadal.platform.registry.Manifest;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.ProbeResult;
import io.hadal.platform.registry.ProbeResult.Outcome;
import io.hadal.platform.registry.ProbeStore;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal model probe}: what a running model can do. */
@Command(
    name = "probe",
    description = {
      "Tries what a running model can do: chat, stream, tools, formats, reasoning, filling in,"
          + " finding something in long texts, probabilities, seeds, images.",
      "Keeps the results with the version; only what passed the last time is advertised."
    })
final class ModelProbeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "NAME", description = "A version, or a name that points to one.")
  private String name = "";

  @Option(
      names = {"-m", "--model"},
      paramLabel = "NAME",
      description =
          "Name to ask the server for. Default: the version, or the family where the server does not"
              + " know it, of a local model; the upstream's name of a routed one.")
  private @Nullable String asked;

  @Mixin private ServerOption server = new ServerOption();

  @Mixin private ModelData data = new ModelData();

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    try (ModelData.Opened opened = data.open()) {
      ModelVersion version = opened.version(name);
      Manifest manifest = version.manifest();
      String model =
          asked != null ? asked : ProbedName.of(version, opened.registry, server::target);
      ProbeTarget target = server.target(model);
      List<ProbeResult> results =
          new ProbeSuite(Clock.systemUTC()).run(target, context(manifest), r -> print(out, r));
      new ProbeStore(opened.database, opened.registry).save(version.id(), results);
      long passed = results.stream().filter(r -> r.outcome() == Outcome.PASSED).count();
      out.printf("%s: %d of %d passed%n", version.id(), passed, results.size());
      out.flush();
    }
    return ExitCode.OK;
  }

  private static int context(Manifest manifest) {
    return manifest.json().path("context").asInt(0);
  }

  private static void print(PrintWriter out, ProbeResult result) {
    out.printf(
        Locale.ROOT,
        "%-16s %-8s %6d ms  %s%n",
        result.feature(),
        result.outcome().text(),
        result.millis(),
        result.detail());
    out.flush();
  }
}
