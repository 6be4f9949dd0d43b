package io.hadal.engine;

import io.hadal.engine.draft.Guess;
import io.hadal.kernels.SystemMemory;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.MemoryPlan;
import io.hadal.model.Model;
import io.hadal.model.Probe;
import io.hadal.model.cache.CacheLayout;
import io.hadal.model.cache.KvStore;
import io.hadal.model.cache.SequenceCache;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.NumericMode;
import io.hadal.model.forward.BlockProposal;
import io.hadal.model.forward.ForwardPass;
import io.hadal.model.weights.Adapter;
import io.hadal.model.weights.PackedWeights;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs a model: one forward pass, one cache store, one scheduler, many {@linkplain Session
 * sessions}. Sessions may be used from several threads; the scheduler takes one step at a time.
 */
public final class Engine implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.hadal.engine");

  private final Model model;
  private final boolean ownsModel;
  private final EngineOptions options;
  private final MemoryPlan plan;
  private final KvStore store;
  private final WorkerPool pool;
  private final Scheduler scheduler;
  private final WarmUp warmUp;

  /**
   * An engine over a loaded model, which stays open when the engine closes.
   *
   * @throws io.hadal.model.MemoryPlanException when model, caches and scratch do not fit
   */
  public Engine(Model model, EngineOptions options) {
    this(model, options, null, false);
  }

  /** As {@link #Engine(Model, EngineOptions)}, with a probe on every intermediate. */
  public Engine(Model model, EngineOptions options, @Nullable Probe probe) {
    this(model, options, probe, false);
  }

  private Engine(Model model, EngineOptions options, @Nullable Probe probe, boolean ownsModel) {
    ModelConfig config = model.config();
    this.model = model;
    this.ownsModel = ownsModel;
    this.options = options;
    requireReplayable(config, options);
    CacheLayout layout =
        CacheLayout.of(config, options.mode(), options.packedCache(), options.stepTokens());
    MemoryPlan stored =
        MemoryPlan.of(
            config,
            model.store(),
            layout,
            options.context(),
            options.threads(),
            model.engramCacheBytes());
    Adapter adapter = model.adapter();
    MemoryPlan adapted = adapter == null ? stored : stored.with(adapter);
    this.plan = options.mode() == NumericMode.FAST ? adapted.with(packed(model, options)) : adapted;
    long memory = options.memoryBytes() > 0 ? options.memoryBytes() : SystemMemory.available();
    plan.require(memory, options.streaming());
    long budget =
        options.cacheBytes() > 0
            ? options.cacheBytes()
            : Math.max(
                plan.kvBytes(),
                memory
                    - plan.scratch()
                    - plan.engramCache()
                    - (options.streaming() ? 0 : plan.weightBytes()));
    this.store = new KvStore(layout, budget);
    this.pool = new WorkerPool(options.threads());
    boolean drafts = options.drafting() && model.weights().hasDrafter();
    this.scheduler =
        new Scheduler(
            config,
            new ForwardPass(
                config,
                model.weights(),
                model.engram(),
                model.packed(),
                options.mode(),
                pool,
                probe),
            options.stepTokens(),
            drafts);
    ModelSlowPaths.report(plan, memory, options);
    this.warmUp =
        options.warmUp()
            ? WarmUp.start(model, options.mode(), pool, packsAhead(memory), scheduler::busy)
            : WarmUp.off();
  }

  /** Packed copies are made ahead when memory holds them beside the stored form. */
  private boolean packsAhead(long memory) {
    return !options.streaming() && plan.weightBytes() < memory / 5 * 2;
  }

  /** Opens packed weights and says what they take. */
  private static MemoryPlan.Packed packed(Model model, EngineOptions options) {
    PackedWeights packed = model.packed();
    model.openPacked();
    if (options.streaming() && packed.streamOnly() && packed.file() == null) {
      LOG.log(
          System.Logger.Level.WARNING,
          "weights are streamed and there is no side file: mode fast multiplies them as mode exact"
              + " does. `hadal pack -m MODEL` writes one");
    }
    return MemoryPlan.Packed.of(model.packable().values(), packed);
  }

  private static void requireReplayable(ModelConfig config, EngineOptions options) {
    boolean convolved =
        config.layers().stream()
            .skip(config.encoderLayers())
            .anyMatch(layer -> layer.convolvedPast() > 0);
    if (options.boundedReplay() && convolved) {
      throw new IllegalArgumentException(
          "bounded replay leaves out layers whose n-gram convolution needs every position");
    }
  }

  /** Loads a checkpoint and owns it. */
  public static Engine open(Path checkpoint, EngineOptions options) {
    Model model = Model.load(checkpoint);
    boolean ok = false;
    try {
      Engine engine = new Engine(model, options, null, true);
      ok = true;
      return engine;
    } finally {
      if (!ok) {
        model.close();
      }
    }
  }

  public Model model() {
    return model;
  }

  public EngineOptions options() {
    return options;
  }

  public MemoryPlan plan() {
    return plan;
  }

  /** What runs in the background to make the engine fast, or has run. */
  public WarmUp warmUp() {
    return warmUp;
  }

  /** Store of all caches, for its figures. */
  public KvStore store() {
    return store;
  }

  /** True when sessions keep a drafter's state. */
  public boolean drafting() {
    return scheduler.drafting();
  }

  /** An empty timeline. */
  public Session newSession() {
    return new Session(this);
  }

  /** Runs several sessions' tokens together, one pass over the weights for all of them. */
  public void run(List<Work> work) {
    scheduler.run(work);
  }

  /**
   * The drafter's logits behind every position of a prompt, {@code next} being the token after it.
   *
   * @throws IllegalStateException when the engine keeps no drafter
   */
  public float[][] draftLogits(int[] tokens, int next) {
    if (!drafting() || model.config().drafters().isEmpty()) {
      throw new IllegalStateException("the engine keeps no drafter of single tokens");
    }
    try (Session session = newSession()) {
      session.check(tokens);
      return scheduler.draftAll(session, tokens, next);
    }
  }

  /**
   * The block drafter's proposal behind {@code next}, the token after a session's last.
   *
   * @throws IllegalStateException when the engine keeps no block drafter
   */
  public BlockProposal proposal(Session session, int next) {
    if (!drafting() || model.config().blockDraft() == null) {
      throw new IllegalStateException("the engine keeps no block drafter");
    }
    return scheduler.proposeBlock(session, next);
  }

  /**
   * What the drafter takes the tokens behind {@code next} to be, which is the token after a
   * session's last and has to be taken in next.
   *
   * @throws IllegalStateException when the engine keeps no drafter
   */
  public Guess guess(Session session, int next) {
    if (!drafting()) {
      throw new IllegalStateException("the engine keeps no drafter");
    }
    return scheduler.propose(session, next);
  }

  /** Most guesses a step can verify: that many tokens can always be taken back. */
  public int mostGuesses() {
    return store.layout().rollback() - 1;
  }

  SequenceCache openTrunk() {
    return store.open(model.config().layers());
  }

  @Nullable SequenceCache openDrafter() {
    return drafting() ? store.open(model.config().draftLayers()) : null;
  }

  @Override
  public void close() {
    warmUp.stop();
    pool.close();
    store.close();
    if (ownsModel) {
      model.close();
    }
  }
}
