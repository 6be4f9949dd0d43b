package io.hadal.engine.capacity;

import io.hadal.engine.EngineOptions;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.engine.serving.SimulatedServing.Machine;
import io.hadal.engine.serving.StepTime;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.file.Path;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What steps of a model cost on a machine, as {@link Calibration} has measured it.
 *
 * @param model name of the model
 * @param fingerprint of its weights and configuration; empty when unknown
 * @param host what it ran on
 * @param loadSeconds until the model was loaded and warm; 0 when unknown
 * @param prefill nanoseconds of a step by prompt tokens and tokens before them
 * @param decode nanoseconds of a step by answers and mean length of their timelines
 * @param mixed part of a prompt's time that it adds to a step of answers, 1 for all of it
 * @param overhead what serving adds to each step
 * @param stepTokens most tokens of a step
 * @param kvFixed bytes of caches of a timeline
 * @param kvPerToken more bytes for each token
 * @param kvBudget bytes of caches that may be used
 * @param residual median relative distance of single steps to these values
 */
public record CostTable(
    String model,
    String fingerprint,
    String host,
    double loadSeconds,
    Grid prefill,
    Grid decode,
    double mixed,
    ServingOverhead overhead,
    int stepTokens,
    double kvFixed,
    double kvPerToken,
    double kvBudget,
    double residual)
    implements StepTime {
  /** Of any number in a file: sums of such stay finite, and a simulation with them ends. */
  static final double MOST = 1e18;

  private static final long MOST_BYTES = 1 << 20;

  @Override
  public double nanos(int promptTokens, double promptContext, int answers, double answerContext) {
    double prompts = promptTokens == 0 ? 0 : prefill.at(promptTokens, promptContext);
    double serving = overhead.step() + overhead.answer() * answers;
    if (answers == 0) {
      return prompts + serving;
    }
    double step = decode.at(answers, answerContext) + serving;
    // Both read the weights, once.
    return promptTokens == 0
        ? step
        : step + mixed * Math.max(0, prompts - prefill.at(1, promptContext));
  }

  /** What serves with these costs. */
  public Machine machine(DispatcherOptions options) {
    return new Machine(options, stepTokens, kvFixed, kvPerToken, kvBudget);
  }

  /** Sizes of steps to compare, up to what was measured. */
  public int[] stepSizes() {
    return IntStream.concat(
            IntStream.of(32, 64, 128, 256, 512, 1024, 2048, 4096).filter(n -> n < stepTokens),
            IntStream.of(stepTokens))
        .toArray();
  }

  /** What a model runs on, as far as the costs of its steps depend on it. */
  public static String host(EngineOptions options) {
    return "%s, %d threads, mode %s"
        .formatted(System.getProperty("os.arch"), options.threads(), options.mode());
  }

  CostTable with(ServingOverhead measured) {
    return with(prefill, decode, mixed, measured, residual);
  }

  CostTable with(
      Grid prompts, Grid answers, double part, ServingOverhead measured, double distance) {
    return new CostTable(
        model,
        fingerprint,
        host,
        loadSeconds,
        prompts,
        answers,
        part,
        measured,
        stepTokens,
        kvFixed,
        kvPerToken,
        kvBudget,
        distance);
  }

  /** As JSON. */
  public ObjectNode json() {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("schema", 1).put("model", model).put("fingerprint", fingerprint).put("host", host);
    json.put("load_seconds", loadSeconds);
    json.set("prefill", prefill.json("tokens", "contexts"));
    json.set("decode", decode.json("answers", "contexts"));
    return json.put("mixed", mixed)
        .put("step_overhead", overhead.step())
        .put("answer_overhead", overhead.answer())
        .put("step_tokens", stepTokens)
        .put("kv_fixed", kvFixed)
        .put("kv_per_token", kvPerToken)
        .put("kv_budget", kvBudget)
        .put("residual", residual);
  }

  /**
   * Reads a file of {@code hadal capacity calibrate}.
   *
   * @throws FormatException when it is none
   */
  public static CostTable read(Path file) {
    JsonNode json = Json.parse(file, MOST_BYTES);
    String source = file.toString();
    int stepTokens = json.path("step_tokens").asInt(0);
    if (json.path("schema").asInt(0) != 1 || stepTokens < 1) {
      throw new FormatException(source, "is no file of `hadal capacity calibrate`");
    }
    return new CostTable(
        json.path("model").asString(""),
        json.path("fingerprint").asString(""),
        json.path("host").asString(""),
        // Older files have none.
        json.has("load_seconds") ? number(json, "load_seconds", source) : 0,
        Grid.read(json.path("prefill"), "tokens", "contexts", source + ": prefill"),
        Grid.read(json.path("decode"), "answers", "contexts", source + ": decode"),
        number(json, "mixed", source),
        overhead(json, source),
        stepTokens,
        number(json, "kv_fixed", source),
        number(json, "kv_per_token", source),
        number(json, "kv_budget", source),
        number(json, "residual", source));
  }

  /** Older files have none. */
  private static ServingOverhead overhead(JsonNode json, String source) {
    return json.has("step_overhead")
        ? new ServingOverhead(
            number(json, "step_overhead", source), number(json, "answer_overhead", source))
        : ServingOverhead.NONE;
  }

  private static double number(JsonNode json, String field, String source) {
    double value = json.path(field).asDouble(-1);
    if (!(value >= 0 && value <= MOST)) {
      throw new FormatException(source, field + " must be a number from 0 to 1e18");
    }
    return value;
  }
}
