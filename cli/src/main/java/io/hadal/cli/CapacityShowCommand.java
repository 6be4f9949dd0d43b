package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.engine.capacity.CostTable;
import io.hadal.formats.Json;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code hadal capacity show}: what costs say, and how far steps were from them. */
@Command(
    name = "show",
    description = {
      "Shows costs of steps: of 'hadal capacity calibrate', or as a server with the platform has"
          + " learnt them (live-costs-*.json in its data folder), then with the distances of its"
          + " steps from what was predicted of them."
    })
final class CapacityShowCommand implements Callable<Integer> {
  private static final long MOST_BYTES = 1 << 20;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Files with costs.")
  private List<Path> files = List.of();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    for (Path file : files) {
      CostTable costs = CostTable.read(file);
      JsonNode live = Json.parse(file, MOST_BYTES).path("live");
      out.printf(
          Locale.ROOT,
          "%s: %s on %s%n  a step: %.2f ms for a token alone, %.2f ms for %d prompt tokens;"
              + " half are within %.1f %% of it%n",
          file,
          costs.model(),
          costs.host(),
          costs.nanos(0, 0, 1, 0) / 1e6,
          costs.nanos(costs.stepTokens(), 0, 0, 0) / 1e6,
          costs.stepTokens(),
          100 * costs.residual());
      if (live.isObject()) {
        learnt(out, live);
      }
    }
    out.flush();
    return ExitCode.OK;
  }

  private static void learnt(PrintWriter out, JsonNode live) {
    out.printf(
        "  learnt from %d steps since %s, at %s%n",
        live.path("steps").asLong(0),
        live.path("since").asString("?"),
        live.path("fitted_at").asString("?"));
    for (JsonNode one : live.path("errors")) {
      for (String costs : List.of("calibrated", "live")) {
        JsonNode error = one.path(costs);
        if (error.isObject()) {
          out.printf(
              Locale.ROOT,
              "  %-8s %-10s half within %5.1f %%, 95 %% within %6.1f %%, %.2f times the predicted"
                  + " time, %d steps%n",
              one.path("kind").asString(""),
              costs,
              100 * error.path("median").asDouble(0),
              100 * error.path("p95").asDouble(0),
              error.path("ratio").asDouble(0),
              error.path("steps").asInt(0));
        }
      }
    }
  }
}
