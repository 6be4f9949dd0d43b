package io.hadal.train.ablation;

import io.hadal.formats.AtomicFiles;
import io.hadal.train.DocumentScores;
import io.hadal.train.ModelCost;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The tables of a study: {@code results.json} and {@code results.md}. */
final class AblationReport {
  private final AblationPlan plan;
  private final Ablation.Options options;
  private final Path folder;
  private final Map<String, Map<Long, RunResult>> results = new LinkedHashMap<>();

  /**
   * Two arms over the seeds that both have finished.
   *
   * @param to the other arm
   * @param seeds in common
   * @param paired over documents, bits of which are means over the seeds
   * @param deviation of the differences over seeds, null for a single one
   */
  private record Difference(
      String to, int seeds, PairedBootstrap paired, @Nullable Double deviation) {}

  AblationReport(AblationPlan plan, Ablation.Options options, Path folder) {
    this.plan = plan;
    this.options = options;
    this.folder = folder;
  }

  void add(RunResult result) {
    results.computeIfAbsent(result.arm(), arm -> new LinkedHashMap<>()).put(result.seed(), result);
  }

  @Nullable RunResult find(String arm, long seed) {
    return results.getOrDefault(arm, Map.of()).get(seed);
  }

  private List<RunResult> good(String arm) {
    return results.getOrDefault(arm, Map.of()).values().stream()
        .filter(r -> r.failure() == null)
        .toList();
  }

  void write() throws IOException {
    AtomicFiles.write(
        folder.resolve("results.json"),
        (json().toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    AtomicFiles.write(folder.resolve("results.md"), markdown().getBytes(StandardCharsets.UTF_8));
  }

  private Set<String> sets() {
    Set<String> names = new LinkedHashSet<>();
    results.values().forEach(m -> m.values().forEach(r -> names.addAll(r.scores().keySet())));
    return names;
  }

  private static double[] bits(List<RunResult> runs, String set) {
    return runs.stream()
        .map(r -> r.scores().get(set))
        .filter(s -> s != null)
        .mapToDouble(DocumentScores::bitsPerByte)
        .toArray();
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double v : values) {
      sum += v;
    }
    return sum / values.length;
  }

  /** Standard deviation of a sample, null for less than two values. */
  private static @Nullable Double deviation(double[] values) {
    if (values.length < 2) {
      return null;
    }
    double mean = mean(values);
    double sum = 0;
    for (double v : values) {
      sum += (v - mean) * (v - mean);
    }
    return Math.sqrt(sum / (values.length - 1));
  }

  private List<Difference> differences(AblationPlan.Arm arm, String set) {
    Set<String> others = new LinkedHashSet<>();
    others.add(plan.baseline());
    if (arm.against() != null) {
      others.add(arm.against());
    }
    others.remove(arm.name());
    List<Difference> list = new ArrayList<>();
    for (String other : others) {
      Difference d = difference(arm.name(), other, set);
      if (d != null) {
        list.add(d);
      }
    }
    return list;
  }

  /** Null without a common seed, or when the two were evaluated on different text. */
  private @Nullable Difference difference(String arm, String other, String set) {
    double[] mine = new double[0];
    double[] theirs = new double[0];
    long[] bytes = new long[0];
    List<Double> bySeed = new ArrayList<>();
    for (RunResult run : good(arm)) {
      RunResult second = find(other, run.seed());
      DocumentScores a = run.scores().get(set);
      DocumentScores b = second == null ? null : second.scores().get(set);
      if (a == null || b == null || a.documents().isEmpty() || !sameText(a, b)) {
        continue;
      }
      int n = a.documents().size();
      if (bySeed.isEmpty()) {
        mine = new double[n];
        theirs = new double[n];
        bytes = a.documents().stream().mapToLong(DocumentScores.Document::bytes).toArray();
      } else if (mine.length != n) {
        continue;
      }
      bySeed.add(a.bitsPerByte() - b.bitsPerByte());
      for (int i = 0; i < n; i++) {
        mine[i] += a.documents().get(i).bits();
        theirs[i] += b.documents().get(i).bits();
      }
    }
    if (bySeed.isEmpty()) {
      return null;
    }
    for (int i = 0; i < mine.length; i++) {
      mine[i] /= bySeed.size();
      theirs[i] /= bySeed.size();
    }
    double[] seeds = bySeed.stream().mapToDouble(Double::doubleValue).toArray();
    return new Difference(
        other, seeds.length, PairedBootstrap.of(mine, theirs, bytes), deviation(seeds));
  }

  private static boolean sameText(DocumentScores a, DocumentScores b) {
    if (a.documents().size() != b.documents().size()) {
      return false;
    }
    for (int i = 0; i < a.documents().size(); i++) {
      DocumentScores.Document x = a.documents().get(i);
      DocumentScores.Document y = b.documents().get(i);
      if (x.number() != y.number() || x.bytes() != y.bytes()) {
        return false;
      }
    }
    return true;
  }

  private ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("tokens", options.tokens());
    ArrayNode seeds = root.putArray("seeds");
    options.seeds().forEach(seeds::add);
    root.put("baseline", plan.baseline());
    ArrayNode arms = root.putArray("arms");
    for (AblationPlan.Arm arm : plan.arms()) {
      ObjectNode o = arms.addObject();
      o.put("name", arm.name());
      o.put("description", arm.description());
      o.set("config", arm.config());
      ArrayNode runs = o.putArray("runs");
      results.getOrDefault(arm.name(), Map.of()).values().forEach(r -> runs.add(r.summary()));
      ObjectNode sets = o.putObject("bits_per_byte");
      for (String set : sets()) {
        double[] bits = bits(good(arm.name()), set);
        if (bits.length == 0) {
          continue;
        }
        ObjectNode s = sets.putObject(set);
        s.put("mean", mean(bits));
        s.put("deviation", deviation(bits));
        ArrayNode differences = s.putArray("differences");
        for (Difference d : differences(arm, set)) {
          differences
              .addObject()
              .put("to", d.to())
              .put("seeds", d.seeds())
              .put("mean", d.paired().mean())
              .put("low", d.paired().low())
              .put("high", d.paired().high())
              .put("deviation", d.deviation());
        }
      }
    }
    return root;
  }

  private String markdown() {
    int done = results.values().stream().mapToInt(Map::size).sum();
    StringBuilder md = new StringBuilder("# Ablation\n\n");
    md.append(
        String.format(
            Locale.ROOT,
            "%d of %d runs of %.2f M training tokens, seeds %s. Differences are bits per byte"
                + " minus those of the named arm on the same documents: below 0 is better. In"
                + " brackets the 95 %% interval of 10,000 resamplings of the documents; ± is the"
                + " standard deviation over seeds.\n",
            done,
            plan.arms().size() * options.seeds().size(),
            options.tokens() / 1e6,
            String.join(", ", options.seeds().stream().map(String::valueOf).toList())));
    for (String set : sets()) {
      table(md, set);
    }
    md.append("\n## Arms\n\n| arm | description |\n| --- | --- |\n");
    for (AblationPlan.Arm arm : plan.arms()) {
      md.append("| ").append(arm.name()).append(" | ").append(cell(arm.description()));
      md.append(" |\n");
    }
    return md.toString();
  }

  private void table(StringBuilder md, String set) {
    md.append("\n## ").append(set).append("\n\n");
    md.append("| arm | parameters | active | MFLOP/token | tokens/s | seeds | bits/byte | to ");
    md.append(plan.baseline()).append(" | further |\n");
    md.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (AblationPlan.Arm arm : plan.arms()) {
      List<RunResult> runs = good(arm.name());
      double[] bits = bits(runs, set);
      int failed = results.getOrDefault(arm.name(), Map.of()).size() - runs.size();
      if (bits.length == 0) {
        String state = failed > 0 ? failed + " failed" : "to do";
        md.append("| ").append(arm.name()).append(" | | | | | ").append(state);
        md.append(" | | | |\n");
        continue;
      }
      ModelCost cost = runs.getFirst().cost();
      double speed = runs.stream().mapToDouble(RunResult::tokensPerSecond).average().orElse(0);
      String main = "";
      String further = "";
      for (Difference d : differences(arm, set)) {
        if (d.to().equals(plan.baseline())) {
          main = text(d);
        } else {
          further = "to " + d.to() + ": " + text(d);
        }
      }
      md.append(
          String.format(
              Locale.ROOT,
              "| %s | %.3f M | %.3f M | %.3f | %.0f | %s | %.4f%s | %s | %s |\n",
              arm.name(),
              cost.parameters() / 1e6,
              cost.active() / 1e6,
              cost.flops() / 1e6,
              speed,
              bits.length + (failed > 0 ? ", " + failed + " failed" : ""),
              mean(bits),
              spread(deviation(bits)),
              main,
              further));
    }
  }

  private static String text(Difference d) {
    return String.format(
        Locale.ROOT,
        "%+.4f [%+.4f, %+.4f]%s",
        d.paired().mean(),
        d.paired().low(),
        d.paired().high(),
        spread(d.deviation()));
  }

  private static String spread(@Nullable Double deviation) {
    return deviation == null ? "" : String.format(Locale.ROOT, " ± %.4f", deviation);
  }

  private static String cell(String text) {
    return text.replace("|", "\\|").replace("\n", " ");
  }
}
