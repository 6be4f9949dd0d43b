package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.engine.capacity.CapacityEstimate;
import io.hadal.engine.capacity.CapacityGoal;
import io.hadal.engine.capacity.CapacityMix;
import io.hadal.engine.capacity.CapacityPlanner;
import io.hadal.engine.capacity.CostTable;
import io.hadal.engine.capacity.TenantGrowth;
import io.hadal.engine.capacity.Workload;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.engine.serving.PriorityClass;
import io.hadal.engine.serving.SimulatedServing.Machine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal capacity plan}: how many machines are needed. */
@Command(
    name = "plan",
    description = {
      "Simulates the scheduler with measured costs: what requests see at a rate, how many replicas"
          + " keep a goal now and after growth, how much one replica can take, and what cached"
          + " prompts, the size of steps, another model and a tenant that sends more change.",
      "With prices, the cheapest mix of replicas and an upstream."
    })
final class CapacityPlanCommand implements Callable<Integer> {
  private static final double[] CACHED = {0, 0.25, 0.5, 0.75, 0.9};
  private static final long SEED = 1;

  private static final double MOST_RATE = 1e6;
  private static final double MOST_GROWTH = 1000;
  private static final double MOST_USD = 1e6;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--costs",
      paramLabel = "FILE",
      required = true,
      description = "File of 'hadal capacity calibrate'.")
  private Path costs = Path.of("");

  @Option(
      names = "--rate",
      paramLabel = "R",
      required = true,
      description = "Requests per second of all users together.")
  private double rate;

  @Option(
      names = "--growth",
      paramLabel = "FACTOR",
      defaultValue = "2",
      description = "Also plan for this many times the rate. Default: ${DEFAULT-VALUE}.")
  private double growth;

  @Option(
      names = "--requests",
      paramLabel = "FILE",
      description =
          "Recorded requests, CSV: class,tenant,prompt_tokens,cached_tokens,output_tokens, and"
              + " time for the hours of a day. Default: lengths around --prompt and --output.")
  private @Nullable Path recorded;

  @Option(
      names = "--prompt",
      paramLabel = "N",
      defaultValue = "2000",
      description = "Mean tokens of a prompt. Default: ${DEFAULT-VALUE}.")
  private int prompt;

  @Option(
      names = "--output",
      paramLabel = "N",
      defaultValue = "300",
      description = "Mean tokens of an answer. Default: ${DEFAULT-VALUE}.")
  private int output;

  @Option(
      names = "--cached",
      paramLabel = "PART",
      defaultValue = "0",
      description = "Part of prompts that is cached, 0 to 1. Default: ${DEFAULT-VALUE}.")
  private double cached;

  @Option(
      names = "--class",
      paramLabel = "CLASS",
      defaultValue = "INTERACTIVE",
      description = "Class of the requests: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private PriorityClass priority = PriorityClass.INTERACTIVE;

  @Option(
      names = "--ttft",
      paramLabel = "SECONDS",
      defaultValue = "2",
      description = "Goal: 95 %% get their first token within this. Default: ${DEFAULT-VALUE}.")
  private double firstToken;

  @Option(
      names = "--tpot",
      paramLabel = "SECONDS",
      defaultValue = "0.1",
      description = "Goal: 95 %% wait no longer between tokens. Default: ${DEFAULT-VALUE}.")
  private double perToken;

  @Option(
      names = "--running",
      paramLabel = "N",
      defaultValue = "32",
      description = "Answers that run together, limits.running. Default: ${DEFAULT-VALUE}.")
  private int running;

  @Option(
      names = "--token-millis",
      paramLabel = "MS",
      defaultValue = "100",
      description = "Longest step beside answers, limits.token_millis. Default: ${DEFAULT-VALUE}.")
  private int tokenMillis;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Requests to simulate for each question. Default: ${DEFAULT-VALUE}.")
  private int count;

  @Option(
      names = "--usd-per-hour",
      paramLabel = "USD",
      description = "Price of a replica, to say what a million tokens of answers cost.")
  private @Nullable Double price;

  @Option(
      names = "--routed",
      paramLabel = "USD",
      split = ",",
      description =
          "What an upstream takes for a million tokens: of prompts, cached ones, answers. With"
              + " --usd-per-hour, says which mix of both is cheapest.")
  private List<Double> routed = List.of();

  @Option(
      names = "--tenant",
      paramLabel = "NAME",
      description = "Who sends more. Default: the one with most tokens.")
  private @Nullable String tenant;

  @Option(
      names = "--tenant-share",
      paramLabel = "PART",
      description = "That one's part of all requests, 0.01 to 0.9; not with --requests.")
  private @Nullable Double tenantShare;

  @Option(
      names = "--tenant-growth",
      paramLabel = "FACTOR",
      defaultValue = "2",
      description = "How many times as much that one sends. Default: ${DEFAULT-VALUE}.")
  private double tenantGrowth;

  @Option(
      names = "--compare",
      paramLabel = "FILE",
      description = "Costs of another model or machine; may be repeated.")
  private List<Path> others = List.of();

  @Option(names = "--csv", paramLabel = "FILE", description = "Also write the figures as CSV.")
  private @Nullable Path csv;

  private final List<CapacityMix> mixed = new ArrayList<>();

  /** A line of the result. */
  private record Line(String question, int replicas, double cached, CapacityEstimate estimate) {}

  private Workload workload() {
    if (recorded != null) {
      return Workload.read(recorded);
    }
    Workload usual = Workload.typical(priority, prompt, output, cached, 1 << 20, SEED);
    return tenantShare == null
        ? usual
        : usual.withShare(tenant == null ? usual.largestTenant() : tenant, tenantShare);
  }

  @Override
  public Integer call() throws IOException {
    if (!(rate > 0 && rate <= MOST_RATE)
        || !(growth > 0 && growth <= MOST_GROWTH)
        || !(cached >= 0 && cached <= 1)
        || count < 100) {
      throw new ParameterException(
          spec.commandLine(),
          "--rate must be above 0 and at most 1e6, --growth above 0 and at most 1000, --cached from"
              + " 0 to 1, --count from 100");
    }
    if (!(firstToken >= 1e-3 && firstToken <= 3600) || !(perToken >= 1e-4 && perToken <= 60)) {
      throw new ParameterException(
          spec.commandLine(),
          "--ttft must be from 0.001 to 3600 seconds, --tpot from 0.0001 to 60");
    }
    if (prompt < 1 || output < 1 || running < 1 || tokenMillis < 1) {
      throw new ParameterException(
          spec.commandLine(), "--prompt, --output, --running and --token-millis must be positive");
    }
    if (!(tenantGrowth >= 0 && tenantGrowth <= 100)
        || (tenantShare != null && !(tenantShare >= 0.01 && tenantShare <= 0.9))
        || !(routed.isEmpty() || routed.size() == 3)
        || routed.stream().anyMatch(usd -> !(usd >= 0 && usd <= MOST_USD))
        || (price == null ? !routed.isEmpty() : !(price >= 0 && price <= MOST_USD))) {
      throw new ParameterException(
          spec.commandLine(),
          "--tenant-growth must be from 0 to 100, --tenant-share from 0.01 to 0.9, --routed three prices, with --usd-per-hour, of at most 1e6");
    }
    CostTable table = CostTable.read(costs);
    List<CostTable> compared = others.stream().map(CostTable::read).toList();
    Workload workload = workload();
    String grower = tenant != null ? tenant : workload.largestTenant();
    if (workload.share(grower) == 0) {
      throw new ParameterException(spec.commandLine(), "no requests of the tenant " + grower);
    }
    Machine machine =
        table.machine(
            DispatcherOptions.defaults()
                .withLimits(running, 1024, 256)
                .withTokenTarget(Duration.ofMillis(tokenMillis)));
    CapacityPlanner planner = new CapacityPlanner(machine, table, workload, count, SEED);
    CapacityGoal goal = new CapacityGoal(firstToken, perToken, 0.001);
    PrintWriter out = spec.commandLine().getOut();
    List<Line> lines = new ArrayList<>();
    out.printf(
        Locale.ROOT,
        "%s on %s%s%ngoal: first token within %.2f s and %.0f ms between tokens for 95 %%, at most"
            + " 0.1 %% refused%n%n",
        table.model(),
        table.host(),
        table.loadSeconds() == 0
            ? ""
            : String.format(Locale.ROOT, ", ready after %.1f s", table.loadSeconds()),
        firstToken,
        perToken * 1e3);
    heading(out);
    int now = 0;
    for (double factor : growth == 1 ? new double[] {1} : new double[] {1, growth}) {
      double wanted = rate * factor;
      int replicas = planner.replicas(wanted, goal);
      now = factor == 1 ? replicas : now;
      if (replicas == 0) {
        out.printf(
            Locale.ROOT, "%.2f/s: no number of replicas keeps the goal; one alone has%n", wanted);
      }
      print(
          out,
          lines,
          new Line(
              String.format(Locale.ROOT, "%.2f/s", wanted),
              replicas,
              workload.cached(),
              planner.at(replicas == 0 ? Math.min(wanted, 0.01) : wanted / replicas)));
    }
    if (now > 0) {
      grown(out, lines, planner.growth(rate, now, grower, tenantGrowth, goal), now, workload);
    }
    out.println();
    double most = most(out, lines, planner, goal, "most of one", workload);
    for (double part : CACHED) {
      Workload other = workload.withCached(part);
      most(out, lines, planner.with(other), goal, "  %2.0f %% cached", part * 100, other);
    }
    for (int size : table.stepSizes()) {
      most(out, lines, planner.withStepTokens(size), goal, "  steps of %.0f", size, workload);
    }
    for (CostTable other : compared) {
      most(out, lines, planner.with(other), goal, "  " + brief(other.model()), workload);
    }
    if (price != null && !routed.isEmpty()) {
      mix(out, lines, workload, most, price);
    }
    out.flush();
    if (csv != null) {
      write(csv, lines);
    }
    return ExitCode.OK;
  }

  /** Of a path-like name, what tells it from others in the width of the first column. */
  private static String brief(String name) {
    return name.length() <= 14 ? name : name.substring(0, 13) + "…";
  }

  private double most(
      PrintWriter out,
      List<Line> lines,
      CapacityPlanner planner,
      CapacityGoal goal,
      String name,
      double value,
      Workload workload) {
    return most(out, lines, planner, goal, String.format(Locale.ROOT, name, value), workload);
  }

  private double most(
      PrintWriter out,
      List<Line> lines,
      CapacityPlanner planner,
      CapacityGoal goal,
      String name,
      Workload workload) {
    double most = planner.mostPerSecond(goal);
    print(out, lines, new Line(name, 1, workload.cached(), planner.at(Math.max(most, 0.0001))));
    return most;
  }

  private void grown(
      PrintWriter out, List<Line> lines, TenantGrowth growth, int now, Workload workload) {
    out.printf(
        Locale.ROOT,
        "%n%s sends %s times as much, %.0f %% of all before, %.2f/s together then: %s%n",
        growth.tenant(),
        Double.toString(tenantGrowth).replaceFirst("\\.0$", ""),
        100 * growth.share(),
        growth.rate(),
        growth.replicas() == 0
            ? "no number of replicas keeps the goal"
            : "replicas that keep the goal: " + growth.replicas());
    print(out, lines, new Line("  it sees", now, workload.cached(), growth.tenantSees()));
    print(out, lines, new Line("  others see", now, workload.cached(), growth.othersSee()));
  }

  private void mix(
      PrintWriter out, List<Line> lines, Workload workload, double most, double perHour) {
    CapacityMix.Price upstream = new CapacityMix.Price(routed.get(0), routed.get(1), routed.get(2));
    List<CapacityMix> mixes = CapacityMix.all(workload, rate, most, perHour, upstream);
    CapacityMix best = CapacityMix.cheapest(mixes);
    out.printf(
        Locale.ROOT,
        "%nreplicas and upstream together, USD an hour at %.2f/s:%n%-16s %8s %8s %9s%n",
        rate,
        "replicas",
        "routed",
        "USD/h",
        "");
    for (CapacityMix mix : mixes) {
      mixed.add(mix);
      // All of a long list are in the CSV file.
      if (mix.equals(best)
          || Math.abs(mix.replicas() - best.replicas()) < 3
          || mix.replicas() == 0
          || mix.equals(mixes.getLast())) {
        out.printf(
            Locale.ROOT,
            "%-16d %6.1f %% %8.2f%s%n",
            mix.replicas(),
            100 * mix.routed(),
            mix.perHour(),
            mix.equals(best) ? "  cheapest" : "");
      }
    }
  }

  private void heading(PrintWriter out) {
    out.printf(
        "%-16s %8s %10s %9s %9s %8s %8s %7s %9s%s%n",
        "",
        "replicas",
        "each/s",
        "ttft p50",
        "ttft p95",
        "tpot p95",
        "refused",
        "busy",
        "tokens/s",
        price == null ? "" : "  USD/M");
  }

  private void print(PrintWriter out, List<Line> lines, Line line) {
    lines.add(line);
    CapacityEstimate e = line.estimate;
    out.printf(
        Locale.ROOT,
        "%-16s %8d %10.3f %7.2f s %7.2f s %5.0f ms %6.1f %% %5.0f %% %9.1f%s%n",
        line.question,
        line.replicas,
        e.rate(),
        e.firstToken50(),
        e.firstToken95(),
        e.perToken95() * 1e3,
        100 * e.refused(),
        100 * e.utilisation(),
        e.outputPerSecond(),
        price == null ? "" : String.format(Locale.ROOT, " %6.2f", cost(e)));
    out.flush();
  }

  /** USD for a million tokens of answers. */
  private double cost(CapacityEstimate e) {
    return price == null || e.outputPerSecond() == 0
        ? 0
        : price / (e.outputPerSecond() * 3600) * 1e6;
  }

  private void write(Path file, List<Line> lines) throws IOException {
    StringBuilder text =
        new StringBuilder(
            "question,replicas,cached,rate_each,ttft_p50_s,ttft_p95_s,tpot_p50_s,tpot_p95_s,"
                + "queue_p95_s,refused,utilisation,output_tokens_per_s,prompt_tokens_per_s,"
                + "usd_per_million,usd_per_hour,routed\r\n");
    for (Line line : lines) {
      CapacityEstimate e = line.estimate;
      text.append(
          String.format(
              Locale.ROOT,
              "%s,%d,%.4f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.4f,%.3f,%.3f,%s,,\r\n",
              line.question.strip().replace(',', ';'),
              line.replicas,
              line.cached,
              e.rate(),
              e.firstToken50(),
              e.firstToken95(),
              e.perToken50(),
              e.perToken95(),
              e.queue95(),
              e.refused(),
              e.utilisation(),
              e.outputPerSecond(),
              e.promptPerSecond(),
              price == null ? "" : String.format(Locale.ROOT, "%.4f", cost(e))));
    }
    for (CapacityMix mix : mixed) {
      text.append(
          String.format(
              Locale.ROOT,
              "mix,%d%s%.4f,%.4f\r\n",
              mix.replicas(),
              ",".repeat(13),
              mix.perHour(),
              mix.routed()));
    }
    Files.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
  }
}
