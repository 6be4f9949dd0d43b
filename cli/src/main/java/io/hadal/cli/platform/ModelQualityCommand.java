package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.probe.QualityAlert;
import io.hadal.platform.probe.QualityOptions;
import io.hadal.platform.probe.QualitySample;
import io.hadal.platform.probe.QualityStore;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal model quality}: how well backends serve versions. */
@Command(
    name = "quality",
    description = {
      "Shows what was last seen of each backend: valid calls of tools, right answers, the distance"
          + " of probabilities to the same weights in the server itself.",
      "A server looks by itself with platform.quality.every_minutes in its file, or when POST"
          + " /admin/v1/quality asks for it."
    })
final class ModelQualityCommand implements Callable<Integer> {
  private static final int MOST = 200;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      description = "A version, or a name that points to one. Default: all.")
  private @Nullable String name;

  @Option(names = "--history", description = "Earlier looks, too, the newest first.")
  private boolean history;

  @Mixin private ModelData data = new ModelData();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (ModelData.Opened opened = data.open()) {
      QualityStore store = new QualityStore(opened.database);
      String wanted = name;
      List<String> versions =
          wanted == null ? store.versions() : List.of(opened.version(wanted).id());
      for (String version : versions) {
        Map<String, String> suspects =
            store.suspects(version, QualityOptions.DEFAULT).stream()
                .collect(Collectors.toMap(QualityAlert::backend, QualityAlert::detail));
        List<QualitySample> samples = history ? store.history(version, MOST) : store.last(version);
        for (QualitySample s : samples) {
          print(out, s, history ? null : suspects.get(s.backend()));
        }
        if (samples.isEmpty()) {
          out.println(version + ": not looked at yet");
        }
      }
      if (versions.isEmpty()) {
        out.println("nothing was looked at yet");
      }
      out.flush();
    }
    return ExitCode.OK;
  }

  private static void print(PrintWriter out, QualitySample s, @Nullable String suspect) {
    Double distance = s.logprobDistance();
    out.printf(
        Locale.ROOT,
        "%s  %-36s %-16s calls %d/%d  answers %d/%d  distance %s  failures %d%s%n",
        s.sampledAt(),
        s.version(),
        s.backend(),
        s.validCalls(),
        s.calls(),
        s.exactAnswers(),
        s.questions(),
        distance == null ? "-" : String.format(Locale.ROOT, "%.4f", distance),
        s.failures(),
        suspect == null ? "" : "  SUSPECT: " + suspect);
  }
}
