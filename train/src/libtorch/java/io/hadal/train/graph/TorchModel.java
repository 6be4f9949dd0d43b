package io.hadal.train.graph;

import static io.hadal.train.graph.TorchWeights.number;
import static io.hadal.train.graph.TorchWeights.sum;

import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** The model of a {@link TrainingGraph} in libtorch, whose autograd makes the backward pass. */
final class TorchModel {
  private final ModelConfig config;
  private final TorchWeights weights;
  private final List<Layer> layers = new ArrayList<>();

  private record Layer(
      @Nullable EngramModule engram,
      TorchSite attentionSite,
      TorchAttention attention,
      TorchSite expertSite,
      TorchExperts experts) {}

  /**
   * Copies a graph's parameters.
   *
   * @param tables experts of every token id of the hash-routed layers
   */
  TorchModel(
      TrainingGraph graph,
      List<EngramModule> engrams,
      Map<Integer, int[]> tables,
      ScalarType type) {
    this.config = graph.config();
    this.weights = new TorchWeights(graph.parameters(), type);
    for (LayerConfig lc : config.layers()) {
      int i = lc.index();
      String prefix = "layers." + i + ".";
      layers.add(
          new Layer(
              engrams.stream().filter(e -> e.layer() == i).findFirst().orElse(null),
              new TorchSite(weights, config, prefix, "attn"),
              new TorchAttention(
                  weights,
                  config,
                  lc,
                  prefix + "attn.",
                  attention(lc.kvSource(), i),
                  attention(lc.indexSource(), i)),
              new TorchSite(weights, config, prefix, "ffn"),
              new TorchExperts(weights, lc, config.vocabSize(), prefix + "ffn.", tables.get(i))));
    }
  }

  private @Nullable TorchAttention attention(int source, int layer) {
    return source < 0 || source == layer ? null : layers.get(source).attention();
  }

  TorchWeights weights() {
    return weights;
  }

  /**
   * What a batch cost, as in {@link TrainingGraph.Losses}.
   *
   * @param total what is differentiated
   * @param tokens negative log likelihood of each token with a target
   */
  record Losses(
      Tensor total, Tensor tokens, @Nullable Tensor divergence, @Nullable Tensor balance) {}

  Losses forward(PackedBatch batch, Pass pass) {
    Tensor ids = ids(batch);
    int streams = config.hyper().streams();
    Tensor embedded = torch.embedding(weights.get("embed.weight"), ids);
    Tensor x = embedded.unsqueeze(1).expand(batch.tokens(), streams, config.hiddenSize());
    float[] start = new float[streams];
    start[0] = 1;
    Tensor gates = weights.constant(start, 1, streams).expand(batch.tokens(), streams);
    Tensor divergence = null;
    Tensor balance = null;
    for (Layer l : layers) {
      if (l.engram() != null) {
        x = remember(l.engram(), batch, x);
      }
      TorchSite.Mix mix = l.attentionSite().forward(x, gates);
      TorchAttention.Result attended = l.attention().forward(batch, mix.input(), pass);
      x = TorchSite.expand(mix, x, attended.output());
      gates = mix.pre();
      divergence = plus(divergence, attended.divergence());
      mix = l.expertSite().forward(x, gates);
      TorchExperts.Result result = l.experts().forward(batch, ids, mix.input());
      x = TorchSite.expand(mix, x, result.output());
      gates = mix.pre();
      balance = plus(balance, result.balance());
    }
    Tensor last = TorchSite.collapse(x, gates);
    Tensor normed = weights.norm(last, "norm.weight", config.normEps());
    return losses(batch, normed, pass, divergence, balance);
  }

  private static @Nullable Tensor plus(@Nullable Tensor a, @Nullable Tensor b) {
    return a == null ? b : b == null ? a : a.add(b);
  }

  private static Tensor ids(PackedBatch batch) {
    int[] ids = new int[batch.tokens()];
    Arrays.setAll(ids, batch::id);
    return TorchWeights.indexes(ids, ids.length);
  }

  private Losses losses(
      PackedBatch batch,
      Tensor normed,
      Pass pass,
      @Nullable Tensor divergence,
      @Nullable Tensor balance) {
    int[] with = new int[batch.tokens()];
    int[] target = new int[batch.tokens()];
    int n = 0;
    for (int t = 0; t < batch.tokens(); t++) {
      if (batch.target(t) >= 0) {
        with[n] = t;
        target[n++] = batch.target(t);
      }
    }
    Tensor rows =
        n == batch.tokens()
            ? normed
            : normed.index_select(0, TorchWeights.indexes(Arrays.copyOf(with, n), n));
    Tensor logits = weights.linear(rows, "head.weight");
    Tensor log = torch.logsumexp(logits, new long[] {1}, true);
    Tensor chosen = logits.gather(1, TorchWeights.indexes(Arrays.copyOf(target, n), n, 1));
    Tensor tokens = log.sub(chosen);
    Tensor total = tokens.add(log.square().mul(number(pass.zLoss()))).sum();
    total = total.mul(number(pass.scale()));
    if (divergence != null && pass.learnsIndex()) {
      total = total.add(divergence.mul(number(pass.indexScale())));
    }
    if (balance != null && pass.balanceScale() > 0) {
      total = total.add(balance.mul(number(pass.balanceScale())));
    }
    return new Losses(total, tokens, divergence, balance);
  }

  /** The n-gram memory before a layer (engram spec 3); as {@link EngramLayer}. */
  private Tensor remember(EngramModule module, PackedBatch batch, Tensor x) {
    int tokens = batch.tokens();
    int[] found = new int[tokens * module.columns()];
    for (int s = 0; s < batch.spans(); s++) {
      int[] span = new int[batch.length(s)];
      int first = batch.start(s);
      Arrays.setAll(span, i -> batch.id(first + i));
      module.ids().find(span, found, first * module.columns());
    }
    String prefix = "layers." + module.layer() + ".engram.";
    Tensor rows =
        torch.embedding(
            weights.get(prefix + "embed.weight"),
            TorchWeights.indexes(found, tokens, module.columns()),
            module.absentRow(),
            false,
            true);
    Tensor projected = weights.linear(rows.view(tokens, module.width()), prefix + "wkv.weight");
    if (module.projectionBias()) {
      projected = projected.add(weights.get(prefix + "wkv.bias"));
    }
    if (!module.gated()) {
      return x.add(projected.unsqueeze(1));
    }
    int streams = config.hyper().streams();
    int hidden = config.hiddenSize();
    Tensor keys = projected.narrow(1, 0, (long) streams * hidden).view(tokens, streams, hidden);
    Tensor value = projected.narrow(1, (long) streams * hidden, hidden);
    Tensor product = weights.get(prefix + "q_weight").mul(weights.get(prefix + "k_weight"));
    Tensor dot = sum(x.mul(keys).mul(product), 2, true);
    double eps = module.normEps();
    dot = dot.mul(TorchWeights.inverseRms(x, eps)).mul(TorchWeights.inverseRms(keys, eps));
    dot = dot.mul(number(1 / Math.sqrt(hidden)));
    Tensor root = dot.abs().clamp_min(new Scalar(1e-6)).sqrt();
    Tensor gate = root.mul(dot.detach().sign()).sigmoid();
    return torch.addcmul(x, gate, value.unsqueeze(1));
  }
}
