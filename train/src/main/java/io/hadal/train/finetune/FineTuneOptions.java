package io.hadal.train.finetune;

import io.hadal.formats.FormatException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Everything that determines a fine-tuning run beside its base, its data and its length.
 *
 * @param method what changes
 * @param rank of the adapters
 * @param alpha adapters count {@code alpha / rank} times
 * @param targets what gets adapters
 * @param draftBlock tokens of a proposal of a new drafter
 * @param fimRate share of source files in fill-in-the-middle form
 * @param evalShare share of files or lines that is held out
 * @param context tokens of a row
 * @param batchTokens tokens of an optimiser step
 * @param learningRate peak
 * @param seed of adapters, choices and the order of the data
 */
public record FineTuneOptions(
    Method method,
    int rank,
    double alpha,
    Set<Target> targets,
    int draftBlock,
    double fimRate,
    double evalShare,
    int context,
    int batchTokens,
    double learningRate,
    long seed) {
  private static final int MAX_RANK = 1024;

  public FineTuneOptions {
    require(rank >= 1 && rank <= MAX_RANK, "rank", "1.." + MAX_RANK, rank);
    require(alpha > 0 && alpha <= 1e6, "alpha", "above 0", alpha);
    require(draftBlock >= 1 && draftBlock <= 16, "draft-block", "1..16", draftBlock);
    require(fimRate >= 0 && fimRate <= 1, "fim-rate", "0..1", fimRate);
    require(evalShare >= 0 && evalShare <= 0.9, "eval-share", "0..0.9", evalShare);
    require(context >= 16 && context <= 1 << 20, "context", "16.." + (1 << 20), context);
    require(batchTokens >= 1 && batchTokens <= 1 << 24, "batch-tokens", "1..2^24", batchTokens);
    require(
        learningRate > 0 && learningRate <= 1,
        "learning-rate",
        "above 0 and up to 1",
        learningRate);
    targets = Collections.unmodifiableSet(EnumSet.copyOf(targets));
  }

  private static void require(boolean holds, String name, String range, Number value) {
    if (!holds) {
      throw new IllegalArgumentException("--" + name + " must be " + range + ", not " + value);
    }
  }

  boolean lora() {
    return method == Method.LORA;
  }

  ObjectNode toJson() {
    ObjectNode o = JsonNodeFactory.instance.objectNode();
    o.put("method", method.label());
    if (method == Method.DRAFTER) {
      o.put("draft_block", draftBlock);
    }
    if (lora()) {
      o.put("rank", rank);
      o.put("alpha", alpha);
      ArrayNode labels = o.putArray("targets");
      targets.forEach(t -> labels.add(t.label()));
    }
    o.put("fim_rate", fimRate);
    o.put("eval_share", evalShare);
    o.put("context", context);
    o.put("batch_tokens", batchTokens);
    o.put("learning_rate", learningRate);
    o.put("seed", seed);
    return o;
  }

  static FineTuneOptions fromJson(JsonNode o, String source) {
    Method method = Method.labelled(o.path("method").asString(""));
    if (method == null) {
      throw new FormatException(source, "method: there is no " + o.path("method"));
    }
    Set<Target> targets = EnumSet.noneOf(Target.class);
    for (JsonNode label : o.path("targets")) {
      Target target = Target.labelled(label.asString(""));
      if (target == null) {
        throw new FormatException(source, "targets: there is no " + label);
      }
      targets.add(target);
    }
    try {
      return new FineTuneOptions(
          method,
          o.path("rank").asInt(1),
          o.path("alpha").asDouble(1),
          method == Method.LORA ? targets : EnumSet.of(Target.ATTENTION),
          o.path("draft_block").asInt(1),
          o.path("fim_rate").asDouble(-1),
          o.path("eval_share").asDouble(-1),
          o.path("context").asInt(0),
          o.path("batch_tokens").asInt(0),
          o.path("learning_rate").asDouble(0),
          o.path("seed").asLong(0));
    } catch (IllegalArgumentException e) {
      throw new FormatException(source, String.valueOf(e.getMessage()), e);
    }
  }
}
