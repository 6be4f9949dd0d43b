package io.hadal.train.graph;

import io.hadal.kernels.GemmPrecision;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The model as inference runs it in exact numerics, with the gradients of all parameters. One
 * instance works on one batch at a time.
 */
public final class TrainingGraph {
  private final Work work;
  private final ModelConfig config;
  private final ParameterSet parameters;
  private final Embedding embedding;
  private final List<Layer> layers = new ArrayList<>();
  private final OutputHead head;
  private final @Nullable BlockDrafter drafter;
  private float[] start = new float[0];
  private float[] unused = new float[0];
  private float[] last = new float[0];
  private float[] collapsed = new float[0];
  private float[] dCollapsed = new float[0];
  private final StreamGradients gradients;

  /** A layer of the trunk behind its n-gram memory, if it has one. */
  private static final class Layer {
    final @Nullable EngramLayer engram;
    final AttentionLayer attention;
    final Block block;
    // Streams before the n-gram memory.
    float[] before = new float[0];

    Layer(@Nullable EngramLayer engram, AttentionLayer attention, Block block) {
      this.engram = engram;
      this.attention = attention;
      this.block = block;
    }

    /** Where the streams go that the layer begins with. */
    float[] entrance(int tokens, int width) {
      if (engram == null) {
        return block.entrance(tokens);
      }
      before = Work.grow(before, tokens * width);
      return before;
    }
  }

  /**
   * Declares and initialises a model.
   *
   * @param engrams n-gram memories
   * @param tables experts of every token id of the hash-routed layers, {@code [vocab, active]}
   * @param seed of the initial values
   * @throws IllegalArgumentException when the configuration has a part that cannot be trained
   */
  public TrainingGraph(
      ModelConfig config,
      List<EngramModule> engrams,
      Map<Integer, int[]> tables,
      long seed,
      WorkerPool pool) {
    this(config, engrams, tables, seed, pool, GemmPrecision.F32);
  }

  /**
   * As the other constructor.
   *
   * @param precision of the large matrix products
   * @throws UnsupportedOperationException when this machine cannot do these
   */
  public TrainingGraph(
      ModelConfig config,
      List<EngramModule> engrams,
      Map<Integer, int[]> tables,
      long seed,
      WorkerPool pool,
      GemmPrecision precision) {
    if (!config.hyper().delayed()
        || config.attention().headNorm()
        || config.indexer().candidates() != null) {
      throw new IllegalArgumentException(
          "training knows delayed hyper-connections, unnormalised heads and no candidate blocks");
    }
    this.config = config;
    this.work = new Work(pool, precision);
    this.parameters = new ParameterSet(new SplittableRandom(seed));
    this.gradients = new StreamGradients(config);
    this.embedding = new Embedding(work, config, parameters);
    for (LayerConfig lc : config.layers()) {
      int i = lc.index();
      String prefix = "layers." + i + ".";
      EngramLayer engram =
          engrams.stream()
              .filter(e -> e.layer() == i)
              .findFirst()
              .map(e -> new EngramLayer(work, config, e, parameters))
              .orElse(null);
      HyperSite attentionSite = new HyperSite(work, config, parameters, prefix, "attn", 2 * i);
      AttentionLayer attention =
          new AttentionLayer(
              work,
              config,
              lc,
              parameters,
              prefix + "attn.",
              attention(lc.kvSource(), i),
              attention(lc.indexSource(), i));
      HyperSite expertSite = new HyperSite(work, config, parameters, prefix, "ffn", 2 * i + 1);
      Experts experts = new Experts(work, config, lc, parameters, prefix + "ffn.", tables.get(i));
      layers.add(
          new Layer(
              engram,
              attention,
              new Block(work, config, attentionSite, attention, expertSite, experts)));
    }
    this.head = new OutputHead(work, config, parameters);
    // Last, so that the trunk begins with the same values with and without it.
    this.drafter =
        config.blockDraft() == null
            ? null
            : new BlockDrafter(work, config, config.blockDraft(), parameters, embedding, head);
  }

  private @Nullable AttentionLayer attention(int source, int layer) {
    return source < 0 || source == layer ? null : layers.get(source).attention;
  }

  public ModelConfig config() {
    return config;
  }

  public ParameterSet parameters() {
    return parameters;
  }

  /**
   * What a batch cost.
   *
   * @param crossEntropy sum over the targets, in nats
   * @param targets number of tokens to predict
   * @param divergence of the indexers from the attention, sum over tokens and layers
   * @param balance balance losses of the spans times their tokens, sum over layers
   * @param drafts of the block drafter
   */
  public record Losses(
      double crossEntropy, long targets, double divergence, double balance, DraftLosses drafts) {}

  /**
   * Loss without gradients, the drafter left out.
   *
   * @return sum over the targets, in nats
   */
  public Losses evaluate(PackedBatch batch) {
    return forwardLosses(batch, Pass.EVALUATION);
  }

  /**
   * Losses of a batch's proposals without gradients; {@link DraftLosses#NONE} without a drafter.
   */
  public DraftLosses evaluateDrafts(PackedBatch batch) {
    return forwardLosses(batch, Pass.EVALUATION.with(new Pass.Drafts(0, 0, 0))).drafts();
  }

  /** Losses under the settings of training, without the gradients of the cross-entropy. */
  Losses forwardLosses(PackedBatch batch, Pass pass) {
    forward(batch, pass);
    head.run(batch, collapsed, 0, 0, null);
    return losses(batch, drafts(batch, pass, false));
  }

  private DraftLosses drafts(PackedBatch batch, Pass pass, boolean gradient) {
    Pass.Drafts d = pass.drafts();
    if (drafter == null || d == null) {
      return DraftLosses.NONE;
    }
    Pass.Drafts settings = gradient ? d : new Pass.Drafts(0, d.distance(), d.phase());
    return drafter.run(batch, this::entering, pass, settings);
  }

  private float[] entering(int layer) {
    return layers.get(layer).block.entering();
  }

  /**
   * Logits {@code [rows, vocab]} of a batch's proposals, each behind the text's own tokens.
   *
   * @param phase as {@link Pass.Drafts#phase}
   */
  float[] draftLogits(PackedBatch batch, int phase) {
    forward(batch, Pass.EVALUATION);
    return Objects.requireNonNull(drafter).logits(batch, this::entering, phase);
  }

  /** Raw confidences of the last batch's proposals, by row. */
  float[] confidences() {
    return Objects.requireNonNull(drafter).confidences();
  }

  /** Negative log likelihood in nats of each token of the last batch; 0 without a target. */
  public float[] tokenLosses(PackedBatch batch) {
    return Arrays.copyOf(head.losses(), batch.tokens());
  }

  /** Logits {@code [tokens, vocab]} of a batch. */
  public float[] logits(PackedBatch batch) {
    evaluate(batch);
    float[] out = new float[batch.tokens() * config.vocabSize()];
    head.project(0, batch.tokens(), out);
    return out;
  }

  /** Loss, and its gradients added to those of the parameters. */
  public Losses train(PackedBatch batch, Pass pass) {
    int tokens = batch.tokens();
    forward(batch, pass);
    boolean trunk = pass.learnsTrunk();
    if (trunk) {
      dCollapsed = Work.grow(dCollapsed, tokens * config.hiddenSize());
    }
    head.run(batch, collapsed, pass.scale(), pass.zLoss(), trunk ? dCollapsed : null);
    // Before the trunk's backward pass, which works in place.
    DraftLosses drafts = drafts(batch, pass, true);
    if (trunk) {
      backward(batch, pass);
    }
    return losses(batch, drafts);
  }

  private Losses losses(PackedBatch batch, DraftLosses drafts) {
    double sum = 0;
    long targets = 0;
    for (int t = 0; t < batch.tokens(); t++) {
      sum += head.losses()[t];
      targets += batch.target(t) >= 0 ? 1 : 0;
    }
    double divergence = 0;
    double balance = 0;
    for (Layer layer : layers) {
      divergence += layer.attention.divergence();
      balance += layer.block.experts().balance(batch);
    }
    return new Losses(sum, targets, divergence, balance, drafts);
  }

  /** Moves the router biases; once a step (V4 spec 11). */
  public void updateBiases(float speed) {
    layers.forEach(l -> l.block.experts().updateBias(speed));
    if (drafter != null) {
      drafter.updateBiases(speed);
    }
  }

  /** Assignments of the experts of each layer since the last {@link #updateBiases}. */
  public List<long[]> expertLoads() {
    return layers.stream().map(l -> l.block.experts().loads().clone()).toList();
  }

  /** Mean gate of each n-gram memory in the last batch, by layer. */
  public Map<Integer, Double> gateMeans(PackedBatch batch) {
    Map<Integer, Double> means = new HashMap<>();
    for (Layer layer : layers) {
      if (layer.engram != null) {
        means.put(layer.engram.layer(), layer.engram.meanGate(batch.tokens()));
      }
    }
    return means;
  }

  private void forward(PackedBatch batch, Pass pass) {
    int tokens = batch.tokens();
    int width = config.streamWidth();
    if (start.length < HyperSite.size(config.hyper(), tokens)) {
      start = HyperSite.start(config.hyper(), tokens);
    }
    last = Work.grow(last, tokens * width);
    float[] gates = start;
    embedding.forward(batch, layers.getFirst().entrance(tokens, width));
    for (int i = 0; i < layers.size(); i++) {
      Layer l = layers.get(i);
      if (l.engram != null) {
        l.engram.forward(batch, l.before, l.block.entrance(tokens));
      }
      float[] next = i + 1 == layers.size() ? last : layers.get(i + 1).entrance(tokens, width);
      l.block.forward(batch, gates, next, pass);
      gates = l.block.gates();
    }
    collapsed = Work.grow(collapsed, tokens * config.hiddenSize());
    layers.getLast().block.collapse(tokens, last, collapsed);
  }

  private void backward(PackedBatch batch, Pass pass) {
    int tokens = batch.tokens();
    gradients.grow(tokens);
    unused = Work.grow(unused, HyperSite.size(config.hyper(), tokens));
    layers.getLast().block.collapseBackward(tokens, last, dCollapsed, gradients);
    for (int i = layers.size() - 1; i >= 0; i--) {
      Layer l = layers.get(i);
      Block before = i == 0 ? null : layers.get(i - 1).block;
      l.block.backward(
          batch,
          before == null ? start : before.gates(),
          before == null ? unused : before.gateGradients(tokens),
          gradients,
          pass);
      if (pass.learnsIndex()) {
        l.attention.finishIndexKeys(batch);
      }
      if (l.engram != null) {
        l.engram.backward(batch, l.before, gradients.streams);
      }
    }
    embedding.backward(batch, gradients.streams);
  }
}
