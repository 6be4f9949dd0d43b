package io.hadal.train.ablation;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.Sha256;
import io.hadal.model.config.ConfigReader;
import io.hadal.train.Budget;
import io.hadal.train.DocumentScores;
import io.hadal.train.ModelCost;
import io.hadal.train.TrainConfig;
import io.hadal.train.TrainListener;
import io.hadal.train.Trainer;
import io.hadal.train.TrainingData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Trains every arm of a plan with every seed and compares them on held-out text. Each run has a
 * folder; finished runs are kept, interrupted ones go on, and those whose arm, data or length has
 * changed begin anew. The table is written after every run.
 */
public final class Ablation {
  private static final String MARK = "run.json";
  private static final String RESULT = "result.json";
  private static final String CHECKPOINT = "training/checkpoint.safetensors";
  private static final List<String> BULKY =
      List.of(CHECKPOINT, "model.safetensors", "tokenizer.json");

  private final AblationPlan plan;
  private final Options options;
  private final TrainingData data;
  private final String dataIdentity;
  private final Path out;

  /**
   * How a study is run.
   *
   * @param tokens training tokens of each run
   * @param seeds in the order they are run, all arms with the first seed first
   * @param only arms to run; empty for all. The tables show all arms in any case
   * @param keep whether checkpoints and models of finished runs stay
   */
  public record Options(
      long tokens, List<Long> seeds, List<String> only, int threads, boolean keep) {
    public Options {
      seeds = List.copyOf(seeds);
      only = List.copyOf(only);
    }
  }

  /**
   * Prepares a study.
   *
   * @param dataIdentity text that changes with the data
   * @param out folder of the runs and the tables
   */
  public Ablation(
      AblationPlan plan, Options options, TrainingData data, String dataIdentity, Path out) {
    this.plan = plan;
    this.options = options;
    this.data = data;
    this.dataIdentity = dataIdentity;
    this.out = out;
  }

  /**
   * Runs what is left to do.
   *
   * @return whether everything is done; otherwise {@code stop} said so
   * @throws FormatException when an arm does not fit the data or a folder is in the way
   */
  public boolean run(BooleanSupplier stop, AblationListener listener) throws IOException {
    Files.createDirectories(out);
    AblationReport report = new AblationReport(plan, options, out);
    List<AblationPlan.Arm> arms =
        plan.arms().stream()
            .filter(arm -> options.only().isEmpty() || options.only().contains(arm.name()))
            .toList();
    int count = arms.size() * options.seeds().size();
    int number = 0;
    // What is there already belongs in the table from the start.
    for (long seed : options.seeds()) {
      for (AblationPlan.Arm arm : plan.arms()) {
        RunResult before = RunResult.read(folder(arm, seed).resolve(RESULT), identity(arm, seed));
        if (before != null) {
          report.add(before);
        }
      }
    }
    for (long seed : options.seeds()) {
      for (AblationPlan.Arm arm : arms) {
        number++;
        AblationListener.Run run = new AblationListener.Run(arm.name() + "-" + seed, number, count);
        RunResult result = report.find(arm.name(), seed);
        if (result == null) {
          result = run(arm, seed, run, stop, listener);
          if (result == null) {
            report.write();
            return false;
          }
          report.add(result);
          report.write();
        }
        listener.finished(run, result);
      }
    }
    report.write();
    return true;
  }

  private Path folder(AblationPlan.Arm arm, long seed) {
    return out.resolve(arm.name() + "-" + seed);
  }

  private String identity(AblationPlan.Arm arm, long seed) {
    String all = arm.config(seed).toJson() + "\n" + options.tokens() + "\n" + dataIdentity + "\n";
    return Sha256.hex(all);
  }

  private @Nullable RunResult run(
      AblationPlan.Arm arm,
      long seed,
      AblationListener.Run run,
      BooleanSupplier stop,
      AblationListener listener)
      throws IOException {
    Path folder = folder(arm, seed);
    String identity = identity(arm, seed);
    prepare(folder, identity, run, listener);
    TrainConfig config = arm.config(seed);
    try (Trainer trainer = open(config, folder, arm.name())) {
      TrainListener steps = listener.started(run, trainer.step());
      ModelCost cost =
          ModelCost.of(
              trainer.parameters(),
              ConfigReader.parse(config.model(), "arm " + arm.name()),
              config.longestContext());
      Map<String, DocumentScores> scores = new LinkedHashMap<>();
      String failure = null;
      try {
        if (!trainer.run(new Budget.Tokens(options.tokens()), stop, steps)) {
          return null;
        }
        data.evaluation().forEach((name, store) -> scores.put(name, trainer.scores(store)));
      } catch (ArithmeticException e) {
        failure = e.getMessage() == null ? "the loss is not finite" : e.getMessage();
      }
      double speed = trainer.seconds() > 0 ? trainer.tokens() / trainer.seconds() : 0;
      RunResult result = new RunResult(identity, arm.name(), seed, cost, speed, scores, failure);
      result.write(folder.resolve(RESULT));
      if (!options.keep()) {
        for (String name : BULKY) {
          Files.deleteIfExists(folder.resolve(name));
        }
      }
      return result;
    }
  }

  /** Makes sure that a folder holds nothing or an unfinished run of the same settings. */
  private static void prepare(
      Path folder, String identity, AblationListener.Run run, AblationListener listener)
      throws IOException {
    Path mark = folder.resolve(MARK);
    if (Files.exists(folder)) {
      if (!Files.isRegularFile(mark)) {
        throw new FormatException(
            folder.toString(), "is no run of this study; choose another --out or remove it");
      }
      if (Json.parse(mark, 1 << 16).path("identity").asString("").equals(identity)) {
        return;
      }
      listener.discarded(run);
      AtomicFiles.deleteTree(folder);
    }
    // Marked before it has its name: a folder without a mark is never ours.
    Path fresh = folder.resolveSibling("." + folder.getFileName() + ".tmp");
    AtomicFiles.deleteTree(fresh);
    Files.createDirectories(fresh);
    String text = JsonNodeFactory.instance.objectNode().put("identity", identity) + "\n";
    AtomicFiles.write(fresh.resolve(MARK), text.getBytes(StandardCharsets.UTF_8));
    Files.move(fresh, folder);
  }

  private Trainer open(TrainConfig config, Path folder, String arm) {
    // Scores of documents take the place of the trainer's own evaluation.
    TrainingData training =
        new TrainingData(data.training(), Map.of(), data.tokenBytes(), data.tokenizer());
    try {
      return Files.exists(folder.resolve(CHECKPOINT))
          ? Trainer.resume(training, folder, options.threads())
          : Trainer.start(config, training, folder, options.threads());
    } catch (IllegalArgumentException e) {
      throw new FormatException("arm " + arm, "cannot be trained: " + e.getMessage(), e);
    }
  }
}
