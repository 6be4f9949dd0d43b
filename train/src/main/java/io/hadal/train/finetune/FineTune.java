package io.hadal.train.finetune;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.train.Budget;
import io.hadal.train.EncodedData;
import io.hadal.train.Preset;
import io.hadal.train.TokenStore;
import io.hadal.train.TrainConfig;
import io.hadal.train.TrainListener;
import io.hadal.train.Trainer;
import io.hadal.train.Trainer.Measure;
import io.hadal.train.TrainingData;
import io.hadal.train.Tuning;
import io.hadal.train.graph.DraftLosses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Trains a model further and keeps everything in a folder: the result, {@code finetune.json} with
 * what it was made of and how well it does, and under {@code training} the encoded data, the
 * checkpoint, the log and the settings, so that a run can go on from there alone.
 */
public final class FineTune implements AutoCloseable {
  private static final String REPORT = "finetune.json";
  private static final String RUN = "run.json";
  private static final String MEASURED = "before.json";
  private static final String CHECKPOINT = "checkpoint.safetensors";
  private static final long MAX_JSON = 1 << 20;
  private static final int EVALUATION_TOKENS = 1 << 15;
  private static final int MICRO_BATCH = 4096;

  private final Path out;
  private final JsonNode run;
  private final BaseModel base;
  private final EncodedData encoded;
  private final Map<String, TokenStore> heldOut;
  private final Trainer trainer;
  private final TrainingData data;

  /** What there is to tell beside what a trainer tells. */
  public interface Listener extends TrainListener {
    /** Held-out text was measured before the first step, or that was done in an earlier run. */
    default void before(Map<String, Measure> measures) {}

    /** The same at the end. */
    default void after(Map<String, Measure> before, Map<String, Measure> after) {}

    /** How a drafter does on held-out text at the end, where only that was trained. */
    default void drafted(Map<String, DraftLosses> drafts) {}
  }

  private FineTune(Path out, JsonNode run, BaseModel base, EncodedData encoded, int threads) {
    this.out = out;
    this.run = run;
    this.base = base;
    this.encoded = encoded;
    FineTuneOptions options =
        FineTuneOptions.fromJson(run.path("options"), folder(out).resolve(RUN).toString());
    TrainingData all = encoded.data();
    this.heldOut = all.evaluation();
    if (all.training().tokens() < options.context()) {
      throw new FormatException(
          "training data",
          "has "
              + all.training().tokens()
              + " tokens, less than one --context of "
              + options.context());
    }
    // The trainer's own evaluation knows no targets; the run measures itself.
    this.data = new TrainingData(all.training(), Map.of(), all.tokenBytes(), all.tokenizer());
    JsonNode model = model(options, base);
    Tuning tuning =
        switch (options.method()) {
          case LORA -> new LoraTuning(base, options.rank(), options.alpha(), options.targets());
          case FULL -> new FullTuning(base, all.tokenizer());
          case DRAFTER -> new DrafterTuning(base, model, all.tokenizer());
        };
    this.trainer =
        Files.exists(folder(out).resolve(CHECKPOINT))
            ? Trainer.resume(data, out, threads, tuning)
            : Trainer.start(config(options, model), data, out, threads, tuning);
  }

  private static Path folder(Path out) {
    return out.resolve("training");
  }

  /** Configuration of the result. */
  private static JsonNode model(FineTuneOptions options, BaseModel base) {
    if (options.method() != Method.DRAFTER || base.config().blockDraft() != null) {
      return base.json();
    }
    ObjectNode model = (ObjectNode) base.json().deepCopy();
    Preset.addDrafter(model, options.draftBlock(), Preset.noise(base.tokenizer()));
    return model;
  }

  private static TrainConfig config(FineTuneOptions options, JsonNode model) {
    ObjectNode o = JsonMapper.shared().createObjectNode();
    o.set("model", model);
    o.put("seed", options.seed());
    o.putArray("stages").addObject().put("until", 1).put("context", options.context());
    o.put("batch_tokens", options.batchTokens());
    o.put("micro_batch_tokens", Math.min(MICRO_BATCH, options.batchTokens()));
    o.put("learning_rate", options.learningRate());
    o.put("warmup_steps", 10);
    o.put("decay_share", 0.5);
    o.put("final_rate", 0.1);
    o.put("dense_share", 0);
    // Choices of experts and entries are what the base has learnt.
    o.put("balance_loss", 0);
    o.put("balance_speed", 0);
    o.put("weight_decay", options.lora() ? 0 : 0.01);
    o.put("index_loss", options.lora() ? 0 : 1);
    o.put("draft_loss", options.lora() ? 0 : options.method() == Method.FULL ? 0.3 : 1);
    o.put("evaluation_tokens", Math.max(EVALUATION_TOKENS, options.context()));
    o.put("evaluate_every", 0);
    o.put("log_every", 1);
    o.put("checkpoint_minutes", 5);
    return TrainConfig.parse(o, "fine-tuning configuration");
  }

  /**
   * Begins a run.
   *
   * @param model checkpoint to start from
   * @param files folders of source code or files of JSON lines, or one encoded folder
   * @param format null to find out
   * @throws FormatException when the folder is in use or model or data cannot be used
   */
  public static FineTune start(
      FineTuneOptions options,
      Path model,
      List<Path> files,
      @Nullable Format format,
      Path out,
      PromptTokens prompts,
      int threads)
      throws IOException {
    requireFree(out);
    BaseModel base = BaseModel.open(model, null);
    boolean ok = false;
    try {
      Files.createDirectories(folder(out));
      ObjectNode run = JsonMapper.shared().createObjectNode();
      run.set("options", options.toJson());
      run.put("model", model.toAbsolutePath().normalize().toString());
      run.put("model_sha256", base.sha256());
      boolean asItIs = files.size() == 1 && TuningData.isEncoded(files.getFirst());
      if (asItIs) {
        if (format != null) {
          throw new FormatException(
              files.getFirst().toString(), "is encoded already; leave out --format");
        }
        run.put("encoded", files.getFirst().toAbsolutePath().normalize().toString());
        run.putObject("data").put("format", Format.ENCODED.label());
      } else {
        TuningData.Summary summary =
            TuningData.write(base, options, prompts, files, format, folder(out).resolve("data"));
        run.set("data", toJson(summary));
      }
      // From here on the run can be resumed.
      write(folder(out).resolve(RUN), run);
      FineTune tuning = open(out, run, base, threads);
      ok = true;
      return tuning;
    } finally {
      if (!ok) {
        base.close();
      }
    }
  }

  /**
   * Goes on with a run.
   *
   * @param model where its base is now; null for where it was
   * @throws FormatException when there is no run or the model is another one
   */
  public static FineTune resume(Path out, @Nullable Path model, int threads) throws IOException {
    Path file = folder(out).resolve(RUN);
    if (!Files.isRegularFile(file)) {
      throw new FormatException(
          file.toString(), "is missing: there is no fine-tuning run to resume in this folder");
    }
    JsonNode run = Json.parse(file, MAX_JSON);
    BaseModel base =
        BaseModel.open(model == null ? Path.of(run.path("model").asString("")) : model, null);
    boolean ok = false;
    try {
      if (!base.sha256().equals(run.path("model_sha256").asString(""))) {
        throw new FormatException(
            base.path().toString(), "is not the model this run began with; name that with --model");
      }
      FineTune tuning = open(out, run, base, threads);
      ok = true;
      return tuning;
    } finally {
      if (!ok) {
        base.close();
      }
    }
  }

  private static FineTune open(Path out, JsonNode run, BaseModel base, int threads)
      throws IOException {
    String own = run.path("encoded").asString("");
    Path folder = own.isEmpty() ? folder(out).resolve("data") : Path.of(own);
    EncodedData encoded = EncodedData.open(folder);
    boolean ok = false;
    try {
      if (!own.isEmpty()) {
        requireSame(base, encoded.data().tokenizer());
      }
      FineTune tuning = new FineTune(out, run, base, encoded, threads);
      ok = true;
      return tuning;
    } finally {
      if (!ok) {
        encoded.close();
      }
    }
  }

  private static void requireFree(Path out) {
    for (String name : List.of("model.safetensors", "adapter.safetensors", "config.json")) {
      if (Files.exists(out.resolve(name))) {
        throw new FormatException(
            out.toString(), "holds " + name + " already; choose another folder, or --resume a run");
      }
    }
    if (Files.exists(folder(out).resolve(RUN))) {
      throw new FormatException(
          out.toString(), "holds a fine-tuning run; --resume it or choose another folder");
    }
  }

  private static void requireSame(BaseModel base, Path tokenizerJson) {
    Tokenizer own = base.tokenizer();
    Tokenizer other = Tokenizer.fromJson(tokenizerJson);
    boolean same = own.vocabSize() == other.vocabSize();
    for (int id = 0; same && id < own.vocabSize(); id++) {
      same = own.token(id).equals(other.token(id)) && own.isAdded(id) == other.isAdded(id);
    }
    if (!same) {
      throw new FormatException(
          tokenizerJson.toString(),
          "is not the tokenizer of " + base.name() + "; encode the corpus with that one");
    }
  }

  private static ObjectNode toJson(TuningData.Summary summary) {
    ObjectNode o = JsonMapper.shared().createObjectNode();
    o.put("format", summary.format().label());
    o.put("units", summary.units());
    o.put("held_out_units", summary.heldOutUnits());
    o.put("tokens", summary.tokens());
    o.put("held_out_tokens", summary.heldOutTokens());
    ObjectNode left = o.putObject("left_out");
    summary.leftOut().forEach(left::put);
    return o;
  }

  private static void write(Path file, JsonNode json) throws IOException {
    AtomicFiles.write(file, (json.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** What the data consists of: format, units, tokens, what was left out. */
  public JsonNode summary() {
    return run.path("data");
  }

  /** Whether adapters are trained. */
  public boolean lora() {
    return hasMethod(Method.LORA);
  }

  private boolean hasMethod(Method method) {
    return run.path("options").path("method").asString("").equals(method.label());
  }

  /** The model that the run began with. */
  public Path model() {
    return base.path();
  }

  /** Tokens to train on. */
  public long tokens() {
    return data.training().tokens();
  }

  public Trainer trainer() {
    return trainer;
  }

  /**
   * Trains until the budget is used up or {@code stop} says so.
   *
   * @return whether the budget is used up
   */
  public boolean run(Budget budget, BooleanSupplier stop, Listener listener) throws IOException {
    Map<String, Measure> before = measureBefore();
    listener.before(before);
    boolean done = trainer.run(budget, stop, listener);
    if (done) {
      Map<String, Measure> after = measure();
      listener.after(before, after);
      Map<String, DraftLosses> drafts = measureDrafts();
      listener.drafted(drafts);
      report(before, after, drafts);
    }
    return done;
  }

  private Map<String, DraftLosses> measureDrafts() {
    Map<String, DraftLosses> measures = new LinkedHashMap<>();
    if (hasMethod(Method.DRAFTER)) {
      heldOut.forEach(
          (name, store) -> {
            DraftLosses m = trainer.measureDrafts(store);
            if (m.targets() > 0) {
              measures.put(label(name), m);
            }
          });
    }
    return measures;
  }

  private static String label(String split) {
    return split.equals("valid") ? "held-out" : split;
  }

  /** Nothing where predictions cannot change. */
  private Map<String, Measure> measure() {
    Map<String, Measure> measures = new LinkedHashMap<>();
    if (hasMethod(Method.DRAFTER)) {
      return measures;
    }
    heldOut.forEach(
        (name, store) -> {
          Measure m = trainer.measure(store);
          if (m.targets() > 0) {
            measures.put(label(name), m);
          }
        });
    return measures;
  }

  /** Measures the base once; a resumed run finds the figures in a file. */
  private Map<String, Measure> measureBefore() throws IOException {
    Path file = folder(out).resolve(MEASURED);
    if (Files.exists(file)) {
      Map<String, Measure> known = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> e : Json.parse(file, MAX_JSON).properties()) {
        JsonNode m = e.getValue();
        known.put(
            e.getKey(),
            new Measure(
                m.path("nats").asDouble(0),
                m.path("targets").asLong(0),
                m.path("bytes").asLong(0)));
      }
      return known;
    }
    if (trainer.step() > 0) {
      throw new FormatException(file.toString(), "is missing; the run cannot be resumed");
    }
    Map<String, Measure> before = measure();
    write(file, toJson(before));
    return before;
  }

  private static ObjectNode toJson(Map<String, Measure> measures) {
    ObjectNode o = JsonMapper.shared().createObjectNode();
    measures.forEach(
        (name, m) ->
            o.putObject(name)
                .put("bits_per_byte", m.bitsPerByte())
                .put("loss", m.loss())
                .put("nats", m.nats())
                .put("targets", m.targets())
                .put("bytes", m.bytes()));
    return o;
  }

  private void report(
      Map<String, Measure> before, Map<String, Measure> after, Map<String, DraftLosses> drafts)
      throws IOException {
    ObjectNode o = JsonMapper.shared().createObjectNode();
    o.putObject("base").put("model", base.name()).put("sha256", base.sha256());
    o.set("options", run.path("options"));
    o.set("data", run.path("data"));
    o.put("parameters", trainer.parameters().count());
    o.put("trained_parameters", trainer.trained().count());
    o.put("steps", trainer.step());
    o.set("before", toJson(before));
    o.set("after", toJson(after));
    if (!drafts.isEmpty()) {
      ObjectNode results = o.putObject("drafts");
      drafts.forEach(
          (name, d) ->
              results
                  .putObject(name)
                  .put("agreement", d.agreement())
                  .put("loss", d.loss())
                  .put("targets", d.targets()));
    }
    write(out.resolve(REPORT), o);
  }

  @Override
  public void close() {
    trainer.close();
    encoded.close();
    base.close();
  }
}
