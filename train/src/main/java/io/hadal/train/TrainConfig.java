package io.hadal.train;

import io.hadal.formats.FormatException;
import io.hadal.kernels.GemmPrecision;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Everything that determines a training run beside its data and its length.
 *
 * @param model {@code config.json} of the model
 * @param seed of initial values and the order of the data
 * @param stages contexts by the part of the run, in order; each a multiple of the one before
 * @param batchTokens tokens of an optimiser step
 * @param microBatchTokens tokens of a forward and backward pass
 * @param gemm precision of the large matrix products, in training and evaluation
 * @param optimizer of the hidden layers' matrices; everything else has AdamW
 * @param learningRate peak
 * @param warmupSteps steps of the rise
 * @param decayShare part of the run in which the learning rate falls
 * @param finalRate learning rate at the end, relative to the peak
 * @param beta1 Adam's first decay
 * @param beta2 Adam's second decay
 * @param eps Adam's floor; gradients are means over the tokens of a step
 * @param weightDecay of matrices, relative to the learning rate
 * @param clip largest norm of the gradient, 0 for no limit
 * @param tableRate learning rate of n-gram tables, relative to the rest
 * @param zLoss weight of the squared log normaliser
 * @param balanceLoss weight of the sequences' balance loss
 * @param balanceSpeed change of a router's bias a step
 * @param indexLoss weight of the indexers' divergence
 * @param draftLoss weight of the block drafter's losses, 0 to leave it as it is
 * @param draftDistance weight of its L1 distance from the trunk, relative to its cross-entropy
 * @param denseShare part of the run in which queries attend to all visible entries
 * @param evaluationTokens tokens of each evaluation set that are used
 * @param evaluateEvery steps between evaluations, 0 for the end alone
 * @param logEvery steps between lines of the log
 * @param checkpointMinutes minutes between checkpoints
 */
public record TrainConfig(
    JsonNode model,
    long seed,
    List<Stage> stages,
    int batchTokens,
    int microBatchTokens,
    GemmPrecision gemm,
    Optimizer optimizer,
    double learningRate,
    int warmupSteps,
    double decayShare,
    double finalRate,
    double beta1,
    double beta2,
    double eps,
    double weightDecay,
    double clip,
    double tableRate,
    double zLoss,
    double balanceLoss,
    double balanceSpeed,
    double indexLoss,
    double draftLoss,
    double draftDistance,
    double denseShare,
    int evaluationTokens,
    int evaluateEvery,
    int logEvery,
    double checkpointMinutes) {
  private static final int MAX_TOKENS = 1 << 24;

  /**
   * A context length for part of a run.
   *
   * @param until part of the run at which the stage ends, 1 for the last
   * @param context tokens of a row
   */
  public record Stage(double until, int context) {}

  /** Rule of an update. */
  public enum Optimizer {
    /** Adam with decoupled decay. */
    ADAMW,
    /** Orthogonalised momentum (V4 spec 11). */
    MUON
  }

  public TrainConfig {
    stages = List.copyOf(stages);
  }

  /** Longest context. */
  public int longestContext() {
    return stages.getLast().context();
  }

  /** Context at a part of the run. */
  int context(double progress) {
    for (Stage stage : stages) {
      if (progress < stage.until()) {
        return stage.context();
      }
    }
    return longestContext();
  }

  /** The configuration as JSON; {@link #parse} reads it back. */
  public ObjectNode toJson() {
    ObjectNode o = JsonNodeFactory.instance.objectNode();
    o.put("seed", seed);
    ArrayNode list = o.putArray("stages");
    for (Stage s : stages) {
      list.addObject().put("until", s.until()).put("context", s.context());
    }
    o.put("batch_tokens", batchTokens);
    o.put("micro_batch_tokens", microBatchTokens);
    o.put("gemm", gemm.label());
    o.put("optimizer", optimizer.name().toLowerCase(Locale.ROOT));
    o.put("learning_rate", learningRate);
    o.put("warmup_steps", warmupSteps);
    o.put("decay_share", decayShare);
    o.put("final_rate", finalRate);
    o.put("beta1", beta1);
    o.put("beta2", beta2);
    o.put("eps", eps);
    o.put("weight_decay", weightDecay);
    o.put("clip", clip);
    o.put("table_rate", tableRate);
    o.put("z_loss", zLoss);
    o.put("balance_loss", balanceLoss);
    o.put("balance_speed", balanceSpeed);
    o.put("index_loss", indexLoss);
    o.put("draft_loss", draftLoss);
    o.put("draft_distance", draftDistance);
    o.put("dense_share", denseShare);
    o.put("evaluation_tokens", evaluationTokens);
    o.put("evaluate_every", evaluateEvery);
    o.put("log_every", logEvery);
    o.put("checkpoint_minutes", checkpointMinutes);
    o.set("model", model);
    return o;
  }

  /** Default settings for a model. */
  public static TrainConfig of(JsonNode model) {
    return of(model, GemmPrecision.F32);
  }

  /** Default settings for a model, with products of a precision. */
  public static TrainConfig of(JsonNode model, GemmPrecision gemm) {
    ObjectNode o = JsonNodeFactory.instance.objectNode();
    o.put("gemm", gemm.label());
    o.set("model", model);
    return parse(o, "default training configuration");
  }

  /**
   * Reads a configuration; what is left out has its default.
   *
   * @throws FormatException naming a key that is unknown or out of range
   */
  public static TrainConfig parse(JsonNode node, String source) {
    if (!node.isObject() || !node.path("model").isObject()) {
      throw new FormatException(source, "is no object with a model configuration under \"model\"");
    }
    Fields f = new Fields(node, source);
    TrainConfig c =
        new TrainConfig(
            node.path("model"),
            f.integer("seed", 1, Long.MIN_VALUE, Long.MAX_VALUE),
            stages(node.path("stages"), source),
            (int) f.integer("batch_tokens", 8192, 1, MAX_TOKENS),
            (int) f.integer("micro_batch_tokens", 4096, 1, MAX_TOKENS),
            f.gemm(),
            f.optimizer(),
            f.real("learning_rate", 3e-3, 0, 1),
            (int) f.integer("warmup_steps", 100, 0, MAX_TOKENS),
            f.real("decay_share", 0.2, 0, 1),
            f.real("final_rate", 0.02, 0, 1),
            f.real("beta1", 0.9, 0, 0.9999),
            f.real("beta2", 0.95, 0, 0.99999),
            f.real("eps", 1e-12, 0, 1),
            f.real("weight_decay", 0.1, 0, 10),
            f.real("clip", 1, 0, 1e9),
            f.real("table_rate", 5, 0, 1000),
            f.real("z_loss", 1e-5, 0, 1),
            f.real("balance_loss", 1e-4, 0, 10),
            f.real("balance_speed", 1e-3, 0, 1),
            f.real("index_loss", 1, 0, 100),
            f.real("draft_loss", 0.3, 0, 100),
            f.real("draft_distance", 1, 0, 100),
            f.real("dense_share", 0.3, 0, 1),
            (int) f.integer("evaluation_tokens", 1 << 17, 1, Integer.MAX_VALUE),
            (int) f.integer("evaluate_every", 500, 0, Integer.MAX_VALUE),
            (int) f.integer("log_every", 10, 1, Integer.MAX_VALUE),
            f.real("checkpoint_minutes", 10, 0.01, 1e6));
    f.refuseUnknown();
    return c;
  }

  private static List<Stage> stages(JsonNode node, String source) {
    if (node.isMissingNode()) {
      return List.of(new Stage(0.8, 512), new Stage(1, 1024));
    }
    List<Stage> stages = new ArrayList<>();
    for (JsonNode s : node) {
      double until = s.path("until").asDouble(0);
      int context = s.path("context").asInt(0);
      Stage before = stages.isEmpty() ? new Stage(0, 1) : stages.getLast();
      if (until <= before.until()
          || until > 1
          || context < 2
          || context > 1 << 20
          || context % before.context() != 0) {
        throw new FormatException(
            source,
            "stages: "
                + s
                + " needs \"until\" above that of the stage before and a \"context\" that is a"
                + " multiple of the one before");
      }
      stages.add(new Stage(until, context));
    }
    if (stages.isEmpty() || stages.getLast().until() != 1) {
      throw new FormatException(source, "stages: the last one must have \"until\": 1");
    }
    return stages;
  }

  /** Typed access to known keys. */
  private record Fields(JsonNode node, String source, Set<String> known) {
    Fields(JsonNode node, String source) {
      this(node, source, new TreeSet<>(Set.of("model", "stages")));
    }

    double real(String name, double standard, double low, double high) {
      known.add(name);
      JsonNode n = node.path(name);
      double v = n.isMissingNode() ? standard : n.asDouble(Double.NaN);
      if (!(v >= low && v <= high)) {
        throw new FormatException(source, name + " must be " + low + ".." + high + ", not " + n);
      }
      return v;
    }

    GemmPrecision gemm() {
      known.add("gemm");
      String name = node.path("gemm").asString("f32");
      for (GemmPrecision p : GemmPrecision.values()) {
        if (p.label().equals(name)) {
          return p;
        }
      }
      throw new FormatException(source, "gemm must be f32 or bf16, not " + name);
    }

    Optimizer optimizer() {
      known.add("optimizer");
      String name = node.path("optimizer").asString("adamw");
      for (Optimizer o : Optimizer.values()) {
        if (o.name().toLowerCase(Locale.ROOT).equals(name)) {
          return o;
        }
      }
      throw new FormatException(source, "optimizer must be adamw or muon, not " + name);
    }

    long integer(String name, long standard, long low, long high) {
      known.add(name);
      JsonNode n = node.path(name);
      if (n.isMissingNode()) {
        return standard;
      }
      if (!n.isIntegralNumber()
          || !n.canConvertToLong()
          || n.longValue() < low
          || n.longValue() > high) {
        throw new FormatException(
            source, name + " must be a whole number " + low + ".." + high + ", not " + n);
      }
      return n.longValue();
    }

    void refuseUnknown() {
      for (Map.Entry<String, JsonNode> e : node.properties()) {
        if (!known.contains(e.getKey())) {
          throw new FormatException(
              source, "unknown key " + e.getKey() + "; known: " + String.join(", ", known));
        }
      }
    }
  }
}
