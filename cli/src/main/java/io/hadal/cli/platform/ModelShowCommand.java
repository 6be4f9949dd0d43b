package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.registry.AliasChange;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.ProbeResult;
import io.hadal.platform.registry.ProbeStore;
import java.io.PrintWriter;
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

/** {@code hadal model show}: one version. */
@Command(
    name = "show",
    description = "Shows a version: its manifest, its stage, its probes and the history of a name.")
final class ModelShowCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "NAME", description = "A version, or a name that points to one.")
  private String name = "";

  @Option(names = "--manifest", description = "Print only the manifest, as canonical JSON.")
  private boolean manifest;

  @Mixin private ModelData data = new ModelData();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (ModelData.Opened opened = data.open()) {
      ModelVersion version = opened.version(name);
      if (manifest) {
        out.println(version.manifest().text());
        out.flush();
        return ExitCode.OK;
      }
      out.printf("version      %s%n", version.id());
      out.printf("lifecycle    %s%n", version.lifecycle().text());
      out.printf("fingerprint  %s%n", version.manifest().fingerprint());
      out.printf("manifest     sha256:%s%n", version.manifest().sha256());
      out.printf("created      %s by %s%n", version.createdAt(), version.createdBy());
      line(out, "active       %s%n", version.activatedAt());
      line(out, "deprecated   %s%n", version.deprecatedAt());
      line(out, "retires      %s%n", version.retiresAt());
      line(out, "successor    %s%n", version.successor());
      out.println(version.manifest().json().toPrettyString());
      List<ProbeResult> probes =
          new ProbeStore(opened.database, opened.registry).last(version.id());
      if (!probes.isEmpty()) {
        out.printf("probes of %s%n", probes.getLast().probedAt());
        for (ProbeResult probe : probes) {
          out.printf(
              Locale.ROOT,
              "  %-16s %-8s %s%n",
              probe.feature(),
              probe.outcome().text(),
              probe.detail());
        }
      }
      if (!name.equals(version.id())) {
        out.printf("history of %s%n", name);
        for (AliasChange change : opened.registry.history("", name)) {
          out.printf(
              "  %s  %s  by %s  %s%n",
              change.validFrom(),
              change.target().isEmpty() ? "nothing" : change.target(),
              change.by(),
              change.reason());
        }
      }
      out.flush();
    }
    return ExitCode.OK;
  }

  private static void line(PrintWriter out, String format, @Nullable Object value) {
    if (value != null) {
      out.printf(format, value);
    }
  }
}
