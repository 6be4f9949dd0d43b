package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.registry.Split.Stickiness;
import io.hadal.platform.rollout.Comparison;
import io.hadal.platform.rollout.Guard;
import io.hadal.platform.rollout.Rollout;
import io.hadal.platform.rollout.Rollout.Mode;
import io.hadal.platform.rollout.RolloutAudit;
import io.hadal.platform.rollout.RolloutEvent;
import io.hadal.platform.rollout.RolloutPlan;
import io.hadal.platform.rollout.Rollouts;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** {@code hadal rollout}: new versions by degrees. */
@Command(
    name = "rollout",
    description = {
      "New versions by degrees: a part of the sessions (canary), copies that are compared (shadow),"
          + " or everything at once and back (blue_green).",
      "Running servers follow within a second, and take a candidate back by themselves when it"
          + " breaks a guard."
    })
public final class RolloutCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command? See --help");
  }

  private static int with(ModelData data, CommandSpec spec, Function<Rollouts, Rollout> work) {
    return with(data, spec, work, false);
  }

  private static int with(
      ModelData data, CommandSpec spec, Function<Rollouts, Rollout> work, boolean warn) {
    try (ModelData.Opened opened = data.open()) {
      Rollout rollout = work.apply(rollouts(opened));
      print(spec.commandLine().getOut(), rollout);
      spec.commandLine().getOut().flush();
      if (warn && needTwoProcesses(opened, rollout)) {
        PrintWriter err = spec.commandLine().getErr();
        err.printf(
            "note: %s and %s are different local models, and a process has one. Until an engine"
                + " node runs the candidate it gets no request, and the rollout ends.%n",
            rollout.baseline(), rollout.candidate());
        err.flush();
      }
    }
    return ExitCode.OK;
  }

  /** Whether no process alone can answer both sides, as far as manifests say. */
  private static boolean needTwoProcesses(ModelData.Opened opened, Rollout rollout) {
    Optional<JsonNode> baseline = localWeights(opened, rollout.baseline());
    Optional<JsonNode> candidate = localWeights(opened, rollout.candidate());
    return baseline.isPresent() && candidate.isPresent() && !baseline.equals(candidate);
  }

  private static Optional<JsonNode> localWeights(ModelData.Opened opened, String version) {
    return opened
        .registry
        .version(version)
        .filter(v -> v.manifest().isLocal())
        .map(
            v -> {
              ArrayNode hashes = JsonNodeFactory.instance.arrayNode();
              v.manifest().json().path("weights").forEach(f -> hashes.add(f.path("sha256")));
              return hashes;
            });
  }

  private static Rollouts rollouts(ModelData.Opened opened) {
    Clock clock = Clock.systemUTC();
    return new Rollouts(
        opened.database,
        opened.registry,
        clock,
        new RolloutAudit(new AuditLog(opened.database, clock)));
  }

  private static void print(PrintWriter out, Rollout r) {
    out.printf(
        Locale.ROOT,
        "%s  %-10s %-11s %3d %%  %s: %s -> %s%n",
        r.id(),
        r.mode().text(),
        r.state().text(),
        r.percent(),
        r.alias(),
        r.baseline(),
        r.candidate());
  }

  @Command(name = "list", description = "Rollouts, the newest first.")
  int list(@Mixin ModelData data) {
    try (ModelData.Opened opened = data.open()) {
      PrintWriter out = spec.commandLine().getOut();
      List<Rollout> all = rollouts(opened).list();
      all.forEach(r -> print(out, r));
      if (all.isEmpty()) {
        out.println("no rollouts yet; see 'hadal rollout create --help'");
      }
      out.flush();
    }
    return ExitCode.OK;
  }

  @Command(
      name = "show",
      description = "A rollout with what happened to it, and how copies compare.")
  int show(
      @Parameters(paramLabel = "ID", description = "Id of the rollout.") String id,
      @Mixin ModelData data) {
    try (ModelData.Opened opened = data.open()) {
      PrintWriter out = spec.commandLine().getOut();
      Rollouts rollouts = rollouts(opened);
      print(out, rollouts.get(id));
      for (RolloutEvent e : rollouts.events(id)) {
        out.printf("  %s  %-11s by %s  %s%n", e.at(), e.kind(), e.actor(), e.detail());
      }
      Comparison c = rollouts.compared(id);
      if (c.compared() + c.dropped() > 0) {
        print(out, c);
      }
      out.flush();
    }
    return ExitCode.OK;
  }

  private static void print(PrintWriter out, Comparison c) {
    out.printf(
        "copies: %d compared, %d dropped; same text %d, same calls %d, same end %d%n",
        c.compared(), c.dropped(), c.sameText(), c.sameCalls(), c.sameFinish());
    print(out, "baseline", c.baseline(), c.compared());
    print(out, "candidate", c.candidate(), c.compared());
  }

  private static void print(PrintWriter out, String name, Comparison.Side s, long pairs) {
    long answers = Math.max(1, pairs - s.failed());
    out.printf(
        "  %-10s failed %d, valid calls %d of %d, schemas %d of %d; a mean of %d characters, %d"
            + " tokens, %d ms%n",
        name,
        s.failed(),
        s.goodCalls(),
        s.calls(),
        s.goodSchemas(),
        s.schemas(),
        s.characters() / answers,
        s.tokens() / answers,
        s.millis() / Math.max(1, pairs));
  }

  @Command(name = "create", description = "Adds a draft; 'hadal rollout start' lets it run.")
  int create(
      @Parameters(paramLabel = "NAME", description = "Name whose version changes.") String alias,
      @Parameters(paramLabel = "VERSION", description = "The candidate.") String candidate,
      @Option(
              names = "--mode",
              paramLabel = "MODE",
              defaultValue = "canary",
              description = "canary, shadow or blue_green. Default: ${DEFAULT-VALUE}.")
          String mode,
      @Option(
              names = "--percent",
              paramLabel = "N",
              description = "Part of the candidate. Default: 100 for shadow, else 0.")
          @Nullable Integer percent,
      @Option(
              names = "--stickiness",
              paramLabel = "WHAT",
              defaultValue = "session",
              description = "session, project or key. Default: ${DEFAULT-VALUE}.")
          String stickiness,
      @Mixin ModelData data) {
    Mode how = choice("--mode", mode, Mode.class);
    RolloutPlan plan =
        new RolloutPlan(
            "",
            alias,
            candidate,
            how,
            percent != null ? percent : how == Mode.SHADOW ? 100 : 0,
            choice("--stickiness", stickiness, Stickiness.class),
            Guard.DEFAULTS);
    return with(data, spec, r -> r.create(plan, ModelData.actor()), true);
  }

  private <E extends Enum<E>> E choice(String option, String text, Class<E> type) {
    for (E value : type.getEnumConstants()) {
      if (value.name().equalsIgnoreCase(text)) {
        return value;
      }
    }
    throw new CommandLine.ParameterException(
        spec.commandLine(), option + " has no value '" + text + "'; see --help");
  }

  @Command(name = "start", description = "Lets a draft run.")
  int start(
      @Parameters(paramLabel = "ID", description = "Id of the rollout.") String id,
      @Mixin ModelData data) {
    return with(data, spec, r -> r.start(id, ModelData.actor()));
  }

  @Command(
      name = "percent",
      description = "Gives the candidate another part; of blue_green 0 or 100, at once.")
  int percent(
      @Parameters(paramLabel = "ID", description = "Id of the rollout.") String id,
      @Parameters(paramLabel = "PERCENT", description = "0 to 100.") int percent,
      @Mixin ModelData data) {
    return with(data, spec, r -> r.percent(id, percent, ModelData.actor()));
  }

  @Command(name = "promote", description = "Points the name to the candidate for good.")
  int promote(
      @Parameters(paramLabel = "ID", description = "Id of the rollout.") String id,
      @Mixin ModelData data) {
    return with(data, spec, r -> r.promote(id, ModelData.actor(), ""));
  }

  @Command(name = "rollback", description = "Points the name back to the baseline.")
  int rollback(
      @Parameters(paramLabel = "ID", description = "Id of the rollout.") String id,
      @Option(names = "--reason", defaultValue = "", description = "Why.") String reason,
      @Mixin ModelData data) {
    return with(data, spec, r -> r.rollBack(id, ModelData.actor(), reason));
  }
}
