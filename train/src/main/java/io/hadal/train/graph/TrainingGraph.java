package io.hadal.train.graph;

import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
  private float[] start = new float[0];
  private float[] unused = new float[0];
  private float[] last = new float[0];
  private float[] collapsed = new float[0];
  private float[] dCollapsed = new float[0];
  private float[] gradient = new float[0];
  private float[] other = new float[0];
  private float[] dSublayer = new float[0];
  private float[] dInput = new float[0];

  /** One layer and what its forward pass left for the backward pass. */
  private static final class Layer {
    final @Nullable EngramLayer engram;
    final HyperSite attentionSite;
    final AttentionLayer attention;
    final HyperSite expertSite;
    final Experts experts;
    // Streams before the n-gram memory, before attention, before the experts.
    float[] before = new float[0];
    float[] entering = new float[0];
    float[] middle = new float[0];
    float[] attentionInput = new float[0];
    float[] attended = new float[0];
    float[] expertInput = new float[0];
    float[] result = new float[0];

    Layer(
        @Nullable EngramLayer engram,
        HyperSite attentionSite,
        AttentionLayer attention,
        HyperSite expertSite,
        Experts experts) {
      this.engram = engram;
      this.attentionSite = attentionSite;
      this.attention = attention;
      this.expertSite = expertSite;
      this.experts = experts;
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
    if (!config.hyper().delayed()
        || config.attention().headNorm()
        || config.indexer().candidates() != null) {
      throw new IllegalArgumentException(
          "training knows delayed hyper-connections, unnormalised heads and no candidate blocks");
    }
    this.config = config;
    this.work = new Work(pool);
    this.parameters = new ParameterSet(new SplittableRandom(seed));
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
      layers.add(
          new Layer(
              engram,
              new HyperSite(work, config, parameters, prefix, "attn", 2 * i),
              new AttentionLayer(
                  work,
                  config,
                  lc,
                  parameters,
                  prefix + "attn.",
                  attention(lc.kvSource(), i),
                  attention(lc.indexSource(), i)),
              new HyperSite(work, config, parameters, prefix, "ffn", 2 * i + 1),
              new Experts(work, config, lc, parameters, prefix + "ffn.", tables.get(i))));
    }
    this.head = new OutputHead(work, config, parameters);
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
   */
  public record Losses(double crossEntropy, long targets, double divergence, double balance) {}

  /**
   * Loss without gradients.
   *
   * @return sum over the targets, in nats
   */
  public Losses evaluate(PackedBatch batch) {
    forward(batch, Pass.EVALUATION);
    head.run(batch, collapsed, 0, 0, null);
    return losses(batch);
  }

  /** Losses under the settings of training, without the gradients of the cross-entropy. */
  Losses forwardLosses(PackedBatch batch, Pass pass) {
    forward(batch, pass);
    head.run(batch, collapsed, 0, 0, null);
    return losses(batch);
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
    dCollapsed = Work.grow(dCollapsed, tokens * config.hiddenSize());
    head.run(batch, collapsed, pass.scale(), pass.zLoss(), dCollapsed);
    backward(batch, pass);
    return losses(batch);
  }

  private Losses losses(PackedBatch batch) {
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
      balance += layer.experts.balance(batch);
    }
    return new Losses(sum, targets, divergence, balance);
  }

  /** Moves the router biases; once a step (V4 spec 11). */
  public void updateBiases(float speed) {
    layers.forEach(l -> l.experts.updateBias(speed));
  }

  /** Assignments of the experts of each layer since the last {@link #updateBiases}. */
  public List<long[]> expertLoads() {
    return layers.stream().map(l -> l.experts.loads().clone()).toList();
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
    int d = config.hiddenSize();
    int n = tokens * config.streamWidth();
    int streams = config.hyper().streams();
    if (start.length < HyperSite.size(config.hyper(), tokens)) {
      start = HyperSite.start(config.hyper(), tokens);
    }
    last = Work.grow(last, n);
    float[] gates = start;
    for (int i = 0; i < layers.size(); i++) {
      Layer l = layers.get(i);
      l.entering = Work.grow(l.entering, n);
      l.middle = Work.grow(l.middle, n);
      l.attended = Work.grow(l.attended, tokens * d);
      l.result = Work.grow(l.result, tokens * d);
      if (i == 0) {
        embedding.forward(batch, entrance(l, n));
      }
      if (l.engram != null) {
        l.engram.forward(batch, l.before, l.entering);
      }
      l.attentionInput = l.attentionSite.forward(tokens, l.entering, gates);
      l.attention.forward(batch, l.attentionInput, l.attended, pass);
      l.attentionSite.expand(tokens, l.entering, l.attended, l.middle);
      l.expertInput = l.expertSite.forward(tokens, l.middle, l.attentionSite.gates());
      l.experts.forward(batch, l.expertInput, l.result);
      float[] next = i + 1 == layers.size() ? last : entrance(layers.get(i + 1), n);
      l.expertSite.expand(tokens, l.middle, l.result, next);
      gates = l.expertSite.gates();
    }
    collapsed = Work.grow(collapsed, tokens * d);
    HyperSite site = layers.getLast().expertSite;
    float[] due = gates;
    work.rows(
        tokens,
        (from, to, worker) -> {
          float[] g = work.scratch(worker, streams);
          for (int t = from; t < to; t++) {
            site.collapse(last, due, t, g, collapsed);
          }
        });
  }

  private static float[] entrance(Layer layer, int n) {
    if (layer.engram != null) {
      layer.before = Work.grow(layer.before, n);
      return layer.before;
    }
    layer.entering = Work.grow(layer.entering, n);
    return layer.entering;
  }

  private void backward(PackedBatch batch, Pass pass) {
    int tokens = batch.tokens();
    int n = tokens * config.streamWidth();
    int streams = config.hyper().streams();
    gradient = Work.grow(gradient, n);
    other = Work.grow(other, n);
    unused = Work.grow(unused, HyperSite.size(config.hyper(), tokens));
    dSublayer = Work.grow(dSublayer, tokens * config.hiddenSize());
    dInput = Work.grow(dInput, tokens * config.hiddenSize());
    HyperSite end = layers.getLast().expertSite;
    float[] dGates = end.gateGradients(tokens);
    Arrays.fill(gradient, 0, n, 0);
    work.rows(
        tokens,
        (from, to, worker) -> {
          float[] b = work.scratch(worker, streams);
          for (int t = from; t < to; t++) {
            end.collapseBackward(last, end.gates(), dCollapsed, dGates, gradient, t, b);
          }
        });
    for (int i = layers.size() - 1; i >= 0; i--) {
      Layer l = layers.get(i);
      l.expertSite.expandBackward(tokens, l.middle, l.result, gradient, other, dSublayer);
      l.experts.backward(batch, l.expertInput, dSublayer, dInput, pass);
      l.expertSite.backward(
          tokens,
          l.middle,
          l.attentionSite.gates(),
          dInput,
          l.attentionSite.gateGradients(tokens),
          other);
      l.attentionSite.expandBackward(tokens, l.entering, l.attended, other, gradient, dSublayer);
      l.attention.backward(batch, l.attentionInput, dSublayer, dInput);
      if (pass.learnsIndex()) {
        l.attention.finishIndexKeys(batch);
      }
      HyperSite before = i == 0 ? null : layers.get(i - 1).expertSite;
      l.attentionSite.backward(
          tokens,
          l.entering,
          before == null ? start : before.gates(),
          dInput,
          before == null ? unused : before.gateGradients(tokens),
          gradient);
      if (l.engram != null) {
        l.engram.backward(batch, l.before, gradient);
      }
    }
    embedding.backward(batch, gradient);
  }
}
