package io.hadal.model.weights;

import io.hadal.formats.weights.Gguf;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.BlockDraftConfig;
import io.hadal.model.config.CompletionHeadConfig;
import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.IndexerConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.MoeConfig;
import io.hadal.model.weights.MoeWeights.ExpertWeights;
import io.hadal.model.weights.MtpWeights.Projection;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Binds stored tensors to the architecture; every shape is checked here, once. */
public final class WeightBinder {
  private final ModelConfig config;
  private final TensorSource tensors;

  private WeightBinder(ModelConfig config, TensorSource tensors) {
    this.config = config;
    this.tensors = tensors;
  }

  /**
   * Binds everything the configuration names. Drafters whose tensors a checkpoint leaves out are
   * left out as well.
   *
   * @throws io.hadal.formats.FormatException for a missing tensor or a wrong shape
   */
  public static ModelWeights bind(ModelConfig config, TensorStore store) {
    return bind(config, store, null);
  }

  /** As {@link #bind(ModelConfig, TensorStore)} with an adapter's changes, if there is one. */
  public static ModelWeights bind(
      ModelConfig config, TensorStore store, @Nullable Adapter adapter) {
    TensorSource tensors = source(config, store, adapter);
    ModelWeights weights = new WeightBinder(config, tensors).bind();
    if (tensors instanceof AdaptedTensors adapted) {
      adapted.requireUsed(name -> !name.contains(".engram."));
    }
    return weights;
  }

  /** One matrix by its released name without {@code .weight}, in the shape the file has. */
  public static Matrix matrix(ModelConfig config, TensorStore store, String name) {
    TensorSource source = source(config, store);
    StoredTensor tensor = source.get(name + ".weight");
    int rows = Math.toIntExact(tensor.shape().getFirst());
    int cols = Math.toIntExact(tensor.shape().getLast());
    boolean packed = tensor.type() == StorageType.I8 || tensor.type() == StorageType.U8;
    return source.matrix(name, rows, packed ? 2 * cols : cols);
  }

  static TensorSource source(ModelConfig config, TensorStore store, @Nullable Adapter adapter) {
    TensorSource tensors = source(config, store);
    return adapter == null ? tensors : new AdaptedTensors(tensors, adapter);
  }

  private static TensorSource source(ModelConfig config, TensorStore store) {
    return store instanceof Gguf
        ? new GgufTensors(store, config.layers().size())
        : new HfTensors(store);
  }

  /**
   * Binds the n-gram memory, or null when the model has none.
   *
   * @param maps canonical ids of the model's tokenizer
   * @param cacheBytes memory for rows that are read from disk; 0 to map the tables
   * @param adapter changes to apply; null for none
   */
  public static @Nullable EngramMemory bindEngram(
      ModelConfig config,
      TensorStore store,
      TokenMaps maps,
      long cacheBytes,
      @Nullable Adapter adapter) {
    EngramConfig shape = config.engram();
    if (shape == null) {
      return null;
    }
    TensorSource tensors = source(config, store, adapter);
    EngramMemory memory = new EngramBinder(config, shape, tensors, maps).bind(cacheBytes);
    if (tensors instanceof AdaptedTensors adapted) {
      adapted.requireUsed(name -> name.contains(".engram."));
    }
    return memory;
  }

  private ModelWeights bind() {
    int d = config.hiddenSize();
    Matrix embed = tensors.matrix("embed", config.vocabSize(), d);
    List<LayerWeights> layers = new ArrayList<>();
    for (int i = 0; i < config.layers().size(); i++) {
      layers.add(layer("layers." + i + ".", config.layers().get(i)));
    }
    HeadWeights head =
        new HeadWeights(
            config.hyper().delayed() ? null : headHyper(""),
            tensors.vector("norm.weight", d),
            tensors.matrix("head", config.vocabSize(), d));
    List<MtpWeights> drafters = new ArrayList<>();
    for (int i = 0; i < config.drafters().size(); i++) {
      String p = "mtp." + i + ".";
      if (!tensors.has(p + "enorm.weight")) {
        break;
      }
      drafters.add(drafter(p, config.drafters().get(i), head));
    }
    return new ModelWeights(embed, layers, head, drafters, blockDraft(head), completionHead());
  }

  private @Nullable CompletionHeadWeights completionHead() {
    CompletionHeadConfig c = config.completionHead();
    return c == null
        ? null
        : new CompletionHeadWeights(
            tensors.matrix("completion_head.down", c.rank(), config.hiddenSize()),
            tensors.matrix("completion_head.up", config.vocabSize(), c.rank()));
  }

  private @Nullable BlockDraftWeights blockDraft(HeadWeights trunk) {
    BlockDraftConfig draft = config.blockDraft();
    if (draft == null || !tensors.has("mtp.0.main_norm.weight")) {
      return null;
    }
    int d = config.hiddenSize();
    List<LayerWeights> stages = new ArrayList<>();
    for (LayerConfig stage : draft.stages()) {
      stages.add(layer("mtp." + stage.index() + ".", stage));
    }
    String last = "mtp." + (stages.size() - 1) + ".";
    return new BlockDraftWeights(
        tensors.matrix("mtp.0.main_proj", d, draft.targets().size() * d),
        tensors.vector("mtp.0.main_norm.weight", d),
        stages,
        new HeadWeights(null, tensors.vector(last + "norm.weight", d), trunk.head()),
        tensors.matrix(last + "markov_head.embed", config.vocabSize(), draft.markovRank()),
        tensors.matrix(last + "markov_head.head", config.vocabSize(), draft.markovRank()),
        tensors.matrix(last + "confidence_head.proj", 1, d + draft.markovRank()));
  }

  private MtpWeights drafter(String p, LayerConfig layer, HeadWeights trunk) {
    int d = config.hiddenSize();
    Matrix joined = tensors.matrixIfPresent(p + "eh_proj", d, 2 * d);
    Projection projection =
        joined != null
            ? new Projection.Joined(joined)
            : new Projection.Split(
                tensors.matrix(p + "e_proj", d, d), tensors.matrix(p + "h_proj", d, d));
    return new MtpWeights(
        tensors.vector(p + "enorm.weight", d),
        tensors.vector(p + "hnorm.weight", d),
        projection,
        layer(p, layer),
        new HeadWeights(
            tensors.has(p + "hc_head_fn") ? headHyper(p) : trunk.collapse(),
            tensors.vector(p + "norm.weight", d),
            trunk.head()));
  }

  private HyperWeights headHyper(String p) {
    int streams = config.hyper().streams();
    return new HyperWeights(
        tensors.matrix(p + "hc_head_fn", streams, config.streamWidth()),
        tensors.vector(p + "hc_head_base", streams),
        tensors.vector(p + "hc_head_scale", 1));
  }

  private HyperWeights hyper(String name) {
    int mixes = config.hyper().mixes();
    return new HyperWeights(
        tensors.matrix(name + "_fn", mixes, config.streamWidth()),
        tensors.vector(name + "_base", mixes),
        tensors.vector(name + "_scale", 3));
  }

  private LayerWeights layer(String p, LayerConfig layer) {
    int d = config.hiddenSize();
    return new LayerWeights(
        hyper(p + "hc_attn"),
        tensors.vector(p + "attn_norm.weight", d),
        attention(p + "attn.", layer),
        hyper(p + "hc_ffn"),
        tensors.vector(p + "ffn_norm.weight", d),
        moe(p + "ffn.", layer));
  }

  private AttentionWeights attention(String p, LayerConfig layer) {
    AttentionConfig a = config.attention();
    int d = config.hiddenSize();
    return new AttentionWeights(
        tensors.matrix(p + "wq_a", a.queryRank(), d),
        tensors.vector(p + "q_norm.weight", a.queryRank()),
        tensors.matrix(p + "wq_b", a.heads() * a.headDim(), a.queryRank()),
        tensors.matrix(p + "wkv", a.headDim(), d),
        tensors.vector(p + "kv_norm.weight", a.headDim()),
        tensors.matrix(p + "wo_a", a.outGroups() * a.outRank(), a.groupWidth()),
        tensors.matrix(p + "wo_b", d, a.outGroups() * a.outRank()),
        tensors.vector(p + "attn_sink", a.heads()),
        layer.compresses() ? compressor(p + "compressor.", layer, a.headDim()) : null,
        layer.makesIndexKeys() ? indexKeys(p + "indexer.", layer) : null,
        layer.selects() ? indexer(p + "indexer.") : null);
  }

  private CompressorWeights compressor(String p, LayerConfig layer, int width) {
    int channels = layer.compressorHalves() * width;
    int d = config.hiddenSize();
    // Only overlapping or long groups carry a bias by place; a group of one needs no gate.
    boolean biased = config.indexer().keys() == IndexerConfig.Keys.COMPRESSED;
    return new CompressorWeights(
        tensors.matrix(p + "wkv", channels, d),
        layer.ratio() > 1 ? tensors.matrix(p + "wgate", channels, d) : null,
        biased ? tensors.vector(p + "ape", (long) layer.ratio() * channels) : null,
        tensors.vector(p + "norm.weight", width));
  }

  private IndexKeyWeights indexKeys(String p, LayerConfig layer) {
    IndexerConfig x = config.indexer();
    return switch (x.keys()) {
      case COMPRESSED ->
          new IndexKeyWeights.Compressed(compressor(p + "compressor.", layer, x.headDim()));
      case PROJECTED ->
          new IndexKeyWeights.Projected(
              tensors.matrix(p + "wk", x.headDim(), config.attention().headDim()),
              tensors.vector(p + "k_norm.weight", x.headDim()));
    };
  }

  private IndexerWeights indexer(String p) {
    IndexerConfig x = config.indexer();
    return new IndexerWeights(
        tensors.matrix(p + "wq_b", x.heads() * x.headDim(), config.attention().queryRank()),
        tensors.matrix(p + "weights_proj", x.heads(), config.hiddenSize()));
  }

  private MoeWeights moe(String p, LayerConfig layer) {
    MoeConfig m = layer.moe();
    int d = config.hiddenSize();
    List<ExpertWeights> experts = new ArrayList<>();
    for (int e = 0; e < m.experts(); e++) {
      experts.add(
          new ExpertWeights(
              tensors.expert(p + "experts", e, m.experts(), "w1", m.width(), d),
              tensors.expert(p + "experts", e, m.experts(), "w3", m.width(), d),
              tensors.expert(p + "experts", e, m.experts(), "w2", d, m.width())));
    }
    return new MoeWeights(
        m.dense() ? null : tensors.matrix(p + "gate", m.experts(), d),
        layer.hashRouted() || m.dense() ? null : tensors.vector(p + "gate.bias", m.experts()),
        layer.hashRouted()
            ? tensors.indices(
                p + "gate.tid2eid", config.vocabSize(), m.activeExperts(), m.experts())
            : null,
        experts,
        m.sharedExperts() == 0 ? null : sharedExpert(p + "shared_experts.", m.width()));
  }

  private ExpertWeights sharedExpert(String p, int width) {
    int d = config.hiddenSize();
    return new ExpertWeights(
        tensors.matrix(p + "w1", width, d),
        tensors.matrix(p + "w3", width, d),
        tensors.matrix(p + "w2", d, width));
  }
}
