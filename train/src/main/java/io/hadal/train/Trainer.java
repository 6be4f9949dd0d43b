package io.hadal.train;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.kernels.Gemm;
import io.hadal.kernels.StorageType;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.DraftLosses;
import io.hadal.train.graph.PackedBatch;
import io.hadal.train.graph.ParameterSet;
import io.hadal.train.graph.Pass;
import io.hadal.train.graph.TrainingGraph;
import io.hadal.train.optimizer.AdamW;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Trains a model and keeps its state in a folder: the model itself, as {@link
 * io.hadal.model.Model#load} takes it, and under {@code training} the checkpoint and the log. The
 * same configuration and data give the same model, whatever the number of threads and however often
 * the run was stopped and resumed.
 */
public final class Trainer implements AutoCloseable {
  private static final String CHECKPOINT = "checkpoint.safetensors";
  private static final String LOG = "log.jsonl";

  private final TrainConfig config;
  private final TrainingData data;
  private final Path out;
  private final WorkerPool pool;
  private final TrainingGraph graph;
  private final @Nullable Tuning tuning;
  private final ParameterSet trained;
  private final AdamW optimizer;
  private final BatchReader reader;
  private final Map<Integer, int[]> tables;
  private final TrainLog log;
  private final Schedule schedule;
  private long step;
  private long tokens;
  private double seconds;
  // Cost of a token in rows of costContext tokens.
  private ModelCost cost = new ModelCost(0, 0, 0);
  private int costContext;

  private Trainer(
      TrainConfig config,
      TrainingData data,
      Path out,
      int threads,
      @Nullable Tuning tuning,
      Checkpoint.@Nullable Reader saved) {
    this.config = config;
    this.data = data;
    this.out = out;
    ModelConfig model = ConfigReader.parse(config.model(), "model configuration");
    String source = data.tokenizer().toString();
    Tokenizer tokenizer = Tokenizer.fromJson(data.tokenizer());
    if (tokenizer.vocabSize() > model.vocabSize()) {
      throw new FormatException(
          source,
          "has "
              + tokenizer.vocabSize()
              + " tokens, the model a vocabulary of "
              + model.vocabSize());
    }
    this.tuning = tuning;
    if (saved != null) {
      this.tables = savedTables(model, saved, source);
    } else {
      this.tables = tuning == null ? drawTables(model) : tuning.tables(model);
    }
    this.pool = new WorkerPool(threads);
    this.graph =
        new TrainingGraph(
            model,
            EngramModules.of(model, tokenizer, source),
            tables,
            config.seed(),
            pool,
            config.gemm());
    this.trained =
        tuning == null ? graph.parameters() : tuning.begin(graph.parameters(), config.seed(), pool);
    this.optimizer =
        new AdamW(
            trained,
            new AdamW.Settings(
                config.beta1(),
                config.beta2(),
                config.eps(),
                config.weightDecay(),
                config.clip(),
                config.tableRate(),
                config.optimizer() == TrainConfig.Optimizer.MUON),
            pool);
    this.reader = new BatchReader(data.training(), config.longestContext(), config.seed());
    this.schedule =
        new Schedule(
            config.learningRate(), config.warmupSteps(), config.decayShare(), config.finalRate());
    if (saved != null) {
      saved.restore(trained, optimizer);
      follow();
      Checkpoint.Counters counters = saved.counters();
      step = counters.step();
      tokens = counters.tokens();
      seconds = counters.seconds();
      optimizer.restore(step);
      reader.seek(counters.epoch(), counters.position());
    }
    this.log = new TrainLog(folder().resolve(LOG), step);
  }

  /**
   * Begins a run in a folder.
   *
   * @throws FormatException when the folder holds a run already or configuration and data do not
   *     fit
   */
  public static Trainer start(TrainConfig config, TrainingData data, Path out, int threads) {
    return start(config, data, out, threads, null);
  }

  /** As {@link #start(TrainConfig, TrainingData, Path, int)}, from a model that is there. */
  public static Trainer start(
      TrainConfig config, TrainingData data, Path out, int threads, @Nullable Tuning tuning) {
    Path folder = out.resolve("training");
    if (Files.exists(folder.resolve(CHECKPOINT))) {
      throw new FormatException(
          folder.toString(), "holds a training run; resume it or choose another folder");
    }
    requireGemm(config, folder.toString());
    try {
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("config.json"), config.toJson().toPrettyString() + "\n");
    } catch (IOException e) {
      throw new FormatException(folder.toString(), "cannot be written: " + e, e);
    }
    return new Trainer(config, data, out, threads, tuning, null);
  }

  /**
   * Continues a run from its last checkpoint.
   *
   * @throws FormatException when there is none or it does not fit the data
   */
  public static Trainer resume(TrainingData data, Path out, int threads) {
    return resume(data, out, threads, null);
  }

  /** As {@link #resume(TrainingData, Path, int)}, with what the run began with. */
  public static Trainer resume(TrainingData data, Path out, int threads, @Nullable Tuning tuning) {
    Path file = out.resolve("training").resolve(CHECKPOINT);
    if (!Files.isRegularFile(file)) {
      throw new FormatException(
          file.toString(), "is missing: there is no training run to resume in this folder");
    }
    try (Checkpoint.Reader saved = new Checkpoint.Reader(file)) {
      TrainConfig config =
          TrainConfig.parse(
              Json.parse(saved.config().getBytes(StandardCharsets.UTF_8), file.toString()),
              file.toString());
      requireGemm(config, file.toString());
      return new Trainer(config, data, out, threads, tuning, saved);
    }
  }

  private static void requireGemm(TrainConfig config, String source) {
    try {
      Gemm.get(config.gemm());
    } catch (UnsupportedOperationException e) {
      throw new FormatException(
          source,
          "the run's gemm is "
              + config.gemm().label()
              + ": "
              + e.getMessage()
              + "; a new run can take f32",
          e);
    }
  }

  private Path folder() {
    return out.resolve("training");
  }

  private Map<Integer, int[]> drawTables(ModelConfig model) {
    long[] counts = new long[model.vocabSize()];
    int[] ids = new int[1 << 12];
    long most = Math.min(data.training().tokens(), 1L << 22);
    for (long from = 0; from < most; from += ids.length) {
      int n = (int) Math.min(ids.length, most - from);
      data.training().read(from, ids, 0, n);
      for (int i = 0; i < n; i++) {
        if (ids[i] >= counts.length) {
          throw new FormatException(
              "training data", "token " + ids[i] + " lies outside the model's vocabulary");
        }
        counts[ids[i]]++;
      }
    }
    return HashRouting.tables(model, counts, config.seed());
  }

  private static Map<Integer, int[]> savedTables(
      ModelConfig model, Checkpoint.Reader saved, String source) {
    Map<Integer, int[]> tables = new LinkedHashMap<>();
    for (LayerConfig layer : model.layers()) {
      if (layer.hashRouted()) {
        int[] table = saved.table(layer.index());
        if (table == null || table.length != model.vocabSize() * layer.moe().activeExperts()) {
          throw new FormatException(
              source, "the checkpoint has no expert table of layer " + layer.index());
        }
        tables.put(layer.index(), table);
      }
    }
    return tables;
  }

  public TrainConfig config() {
    return config;
  }

  public ParameterSet parameters() {
    return graph.parameters();
  }

  /** What the optimiser works on. */
  public ParameterSet trained() {
    return trained;
  }

  private void follow() {
    if (tuning != null) {
      tuning.updated();
    }
  }

  /** Steps done. */
  public long step() {
    return step;
  }

  /** Training tokens so far. */
  public long tokens() {
    return tokens;
  }

  /** Seconds of work so far, without evaluations and checkpoints. */
  public double seconds() {
    return seconds;
  }

  /**
   * Trains until the budget is used up or {@code stop} says so, then saves.
   *
   * @return whether the budget is used up
   * @throws ArithmeticException when the loss is not finite
   */
  public boolean run(Budget budget, BooleanSupplier stop, TrainListener listener) {
    double lastSave = seconds;
    RunningSpeed speed = new RunningSpeed();
    boolean finished = false;
    while (true) {
      double progress = budget.progress(step, tokens, seconds);
      finished = progress >= 1;
      if (finished || stop.getAsBoolean()) {
        break;
      }
      long began = System.nanoTime();
      TrainLog.Entry entry = trainStep(progress);
      double took = (System.nanoTime() - began) / 1e9;
      seconds += took;
      speed.add(entry.tokens(), took);
      double after = budget.progress(step, tokens, seconds);
      double left = after <= 0 ? 0 : Math.max(0, (1 - after) / (after - progress) * took);
      TrainListener.Step done =
          new TrainListener.Step(
              step,
              tokens,
              Math.min(1, after),
              entry.loss(),
              entry.bitsPerByte(),
              entry.drafts(),
              entry.rate(),
              entry.norm(),
              speed.perSecond(),
              speed.perSecond() * flopsPerToken(entry.context()) / 1e9,
              left);
      listener.stepped(done);
      if (step % config.logEvery() == 0) {
        log.step(done, entry);
      }
      if (config.evaluateEvery() > 0 && step % config.evaluateEvery() == 0) {
        evaluate(listener);
      }
      if (seconds - lastSave >= config.checkpointMinutes() * 60) {
        save(listener);
        lastSave = seconds;
      }
    }
    save(listener);
    if (finished) {
      evaluate(listener);
    }
    return finished;
  }

  /** Operations of a training step for one token. */
  private double flopsPerToken(int context) {
    if (context != costContext) {
      costContext = context;
      cost = ModelCost.of(graph.parameters(), graph.config(), context);
    }
    // Without gradients of the matrices one of three products is left out.
    int passes = trained == graph.parameters() ? 3 : learnsTrunk() ? 2 : 1;
    return (double) passes * cost.flops();
  }

  private boolean learnsTrunk() {
    return tuning == null || tuning.learnsTrunk();
  }

  private Pass pass(float share, double progress) {
    // Proposals begin at other tokens in the next step.
    Pass.Drafts drafts =
        config.draftLoss() == 0
            ? null
            : new Pass.Drafts(
                (float) config.draftLoss() * share,
                (float) config.draftDistance(),
                (int) (step % Integer.MAX_VALUE));
    if (!learnsTrunk()) {
      return Pass.EVALUATION.with(drafts);
    }
    return new Pass(
        share,
        (float) config.zLoss(),
        (float) config.balanceLoss() * share,
        (float) config.indexLoss() * share,
        progress < config.denseShare(),
        drafts);
  }

  private TrainLog.Entry trainStep(double progress) {
    int context = config.context(progress);
    float share = 1f / config.batchTokens();
    Pass pass = pass(share, progress);
    graph.parameters().clearGradients();
    trained.clearGradients();
    int used = 0;
    double nats = 0;
    double divergence = 0;
    DraftLosses drafts = DraftLosses.NONE;
    long targets = 0;
    long bytes = 0;
    Map<Integer, Double> gates = Map.of();
    while (used < config.batchTokens()) {
      int most = Math.min(config.microBatchTokens(), config.batchTokens() - used);
      PackedBatch batch = reader.next(most, context);
      TrainingGraph.Losses losses = graph.train(batch, pass);
      used += batch.tokens();
      nats += losses.crossEntropy();
      targets += losses.targets();
      divergence += losses.divergence();
      drafts = drafts.plus(losses.drafts());
      bytes += targetBytes(batch);
      gates = graph.gateMeans(batch);
    }
    double rate = schedule.rate(step, progress);
    double norm;
    try {
      norm = optimizer.step(rate);
    } catch (ArithmeticException e) {
      throw new ArithmeticException(
          "the gradient of step "
              + (step + 1)
              + " is not finite; resume from the last checkpoint with a lower learning rate");
    }
    follow();
    List<long[]> loads = graph.expertLoads();
    graph.updateBiases((float) config.balanceSpeed());
    step++;
    tokens += used;
    return new TrainLog.Entry(
        used,
        nats / Math.max(1, targets),
        nats / Math.log(2) / Math.max(1, bytes),
        divergence / used,
        drafts,
        rate,
        norm,
        context,
        loads,
        gates);
  }

  private long targetBytes(PackedBatch batch) {
    long bytes = 0;
    for (int t = 0; t < batch.tokens(); t++) {
      int target = batch.target(t);
      bytes += target < 0 ? 0 : data.tokenBytes()[target];
    }
    return bytes;
  }

  private void evaluate(TrainListener listener) {
    if (data.evaluation().isEmpty()) {
      return;
    }
    Map<String, Double> results = new LinkedHashMap<>();
    data.evaluation().forEach((name, store) -> results.put(name, bitsPerByte(store)));
    log.evaluation(step, tokens, results);
    report();
    listener.evaluated(step, results);
  }

  /** Bits per byte of the first tokens of a text, in rows of the longest context. */
  public double bitsPerByte(TokenStore store) {
    return measure(store).bitsPerByte();
  }

  /**
   * How well a text is predicted.
   *
   * @param nats sum over the targets
   * @param targets tokens to predict
   * @param bytes of text that these stand for
   */
  public record Measure(double nats, long targets, long bytes) {
    public double bitsPerByte() {
      return nats / Math.log(2) / Math.max(1, bytes);
    }

    /** Mean cross-entropy in nats a token. */
    public double loss() {
      return nats / Math.max(1, targets);
    }
  }

  /** Cost of the first tokens of a text, in rows of the longest context. */
  public Measure measure(TokenStore store) {
    double nats = 0;
    long targetCount = 0;
    long bytes = 0;
    for (PackedBatch batch : batches(store)) {
      TrainingGraph.Losses losses = graph.evaluate(batch);
      nats += losses.crossEntropy();
      targetCount += losses.targets();
      bytes += targetBytes(batch);
    }
    return new Measure(nats, targetCount, bytes);
  }

  /** How the block drafter does on the first tokens of a text, which guide it. */
  public DraftLosses measureDrafts(TokenStore store) {
    DraftLosses sum = DraftLosses.NONE;
    for (PackedBatch batch : batches(store)) {
      sum = sum.plus(graph.evaluateDrafts(batch));
    }
    return sum;
  }

  /** The first tokens of a text in rows of the longest context. */
  private List<PackedBatch> batches(TokenStore store) {
    int context = config.longestContext();
    long rows = Math.min(store.tokens(), config.evaluationTokens()) / context;
    int rowsPerBatch = Math.max(1, config.microBatchTokens() / context);
    List<PackedBatch> batches = new ArrayList<>();
    for (long r = 0; r < rows; r += rowsPerBatch) {
      int n = (int) Math.min(rowsPerBatch, rows - r);
      int[] ids = new int[n * context];
      int[] targets = new int[n * context];
      List<Integer> spans = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        BatchReader.read(store, (r + i) * context, context, ids, targets, i * context, spans);
      }
      batches.add(new PackedBatch(ids, targets, spans));
    }
    return batches;
  }

  /**
   * Scores of the documents in the first tokens of a text, in rows of the longest context; where a
   * row begins amid a document, the model has seen nothing of it before.
   */
  public DocumentScores scores(TokenStore store) {
    int context = config.longestContext();
    long rows = Math.min(store.tokens(), config.evaluationTokens()) / context;
    int rowsPerBatch = Math.max(1, config.microBatchTokens() / context);
    TreeMap<Long, DocumentScores.Document> scores = new TreeMap<>();
    for (long r = 0; r < rows; r += rowsPerBatch) {
      int n = (int) Math.min(rowsPerBatch, rows - r);
      int[] ids = new int[n * context];
      int[] targets = new int[n * context];
      List<Integer> spans = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        BatchReader.read(store, (r + i) * context, context, ids, targets, i * context, spans);
      }
      PackedBatch batch = new PackedBatch(ids, targets, spans);
      graph.evaluate(batch);
      float[] losses = graph.tokenLosses(batch);
      for (int s = 0; s < batch.spans(); s++) {
        double nats = 0;
        long bytes = 0;
        for (int t = batch.start(s); t < batch.start(s + 1); t++) {
          nats += losses[t];
          bytes += batch.target(t) < 0 ? 0 : data.tokenBytes()[batch.target(t)];
        }
        if (bytes > 0) {
          long document = BatchReader.documentOf(store, r * context + batch.start(s));
          scores.merge(
              document,
              new DocumentScores.Document(document, nats / Math.log(2), bytes),
              (a, b) ->
                  new DocumentScores.Document(
                      document, a.bits() + b.bits(), a.bytes() + b.bytes()));
        }
      }
    }
    return new DocumentScores(List.copyOf(scores.values()));
  }

  private void save(TrainListener listener) {
    Checkpoint.write(
        folder().resolve(CHECKPOINT),
        new Checkpoint.Counters(step, tokens, reader.epoch(), reader.position(), seconds),
        config.toJson().toString(),
        trained,
        optimizer,
        tables);
    if (tuning == null) {
      export(StorageType.F32, out);
    } else {
      tuning.export(graph.parameters(), tables, out);
    }
    report();
    listener.saved(step);
  }

  private void report() {
    TrainingReport.write(folder().resolve(LOG), folder().resolve("report.html"));
  }

  /** Writes the model as it is now to a folder. */
  public void export(StorageType matrices, Path folder) {
    ModelExport.write(
        graph.parameters(), tables, config.model(), data.tokenizer(), matrices, folder);
  }

  @Override
  public void close() {
    pool.close();
    log.close();
  }

  /** Speed of the recent steps. */
  private static final class RunningSpeed {
    private double tokens;
    private double time;

    void add(int count, double took) {
      tokens = 0.9 * tokens + count;
      time = 0.9 * time + took;
    }

    double perSecond() {
      return time == 0 ? 0 : tokens / time;
    }
  }
}
