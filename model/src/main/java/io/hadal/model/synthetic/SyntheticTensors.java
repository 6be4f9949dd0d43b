package io.hadal.model.synthetic;

import io.hadal.kernels.StorageType;
import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.IndexerConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.MoeConfig;
import io.hadal.model.synthetic.SyntheticTensor.Choices;
import java.util.ArrayList;
import java.util.List;

/** Every tensor that a configuration asks for (V4 spec 6.1, 6.2, V4.1 spec 7), drafters aside. */
final class SyntheticTensors {
  private static final StorageType SMALL = StorageType.BF16;

  /**
   * Types in which file formats differ.
   *
   * @param tables of embedding and head
   * @param choices of experts by token
   */
  record Types(StorageType tables, StorageType norms, StorageType router, StorageType choices) {}

  private final ModelConfig config;
  private final StorageMix mix;
  private final Types types;

  private final List<SyntheticTensor> out = new ArrayList<>();

  private SyntheticTensors(ModelConfig config, StorageMix mix, Types types) {
    this.config = config;
    this.mix = mix;
    this.types = types;
  }

  static List<SyntheticTensor> of(ModelConfig config, StorageMix mix, Types types) {
    SyntheticTensors tensors = new SyntheticTensors(config, mix, types);
    tensors.all();
    return tensors.out;
  }

  private void all() {
    int d = config.hiddenSize();
    // Rows as large as what the layers add keep tokens apart to the end.
    out.add(SyntheticTensor.matrix("embed.weight", types.tables(), config.vocabSize(), d, 1));
    for (LayerConfig layer : config.layers()) {
      layer("layers." + layer.index() + ".", layer);
    }
    if (!config.hyper().delayed()) {
      hyper("hc_head", config.hyper().streams(), 1);
    }
    norm("norm.weight", d);
    out.add(SyntheticTensor.matrix("head.weight", types.tables(), config.vocabSize(), d));
  }

  private void layer(String p, LayerConfig layer) {
    hyper(p + "hc_attn", config.hyper().mixes(), 3);
    norm(p + "attn_norm.weight", config.hiddenSize());
    attention(p + "attn.", layer);
    hyper(p + "hc_ffn", config.hyper().mixes(), 3);
    norm(p + "ffn_norm.weight", config.hiddenSize());
    experts(p + "ffn.", layer);
  }

  private void hyper(String p, int mixes, int scales) {
    out.add(SyntheticTensor.matrix(p + "_fn", StorageType.F32, mixes, config.streamWidth()));
    out.add(SyntheticTensor.vector(p + "_base", StorageType.F32, mixes, 0, 0.5));
    out.add(SyntheticTensor.vector(p + "_scale", StorageType.F32, scales, 0.5, 0.1));
  }

  private void norm(String name, int width) {
    out.add(SyntheticTensor.vector(name, types.norms(), width, 1, 0.2));
  }

  private void dense(String name, int rows, int cols) {
    out.add(SyntheticTensor.matrix(name + ".weight", mix.rest(), rows, cols));
  }

  private void small(String name, int rows, int cols) {
    out.add(SyntheticTensor.matrix(name + ".weight", SMALL, rows, cols));
  }

  private void attention(String p, LayerConfig layer) {
    AttentionConfig a = config.attention();
    int d = config.hiddenSize();
    dense(p + "wq_a", a.queryRank(), d);
    norm(p + "q_norm.weight", a.queryRank());
    dense(p + "wq_b", a.heads() * a.headDim(), a.queryRank());
    dense(p + "wkv", a.headDim(), d);
    norm(p + "kv_norm.weight", a.headDim());
    dense(p + "wo_a", a.outGroups() * a.outRank(), a.groupWidth());
    dense(p + "wo_b", d, a.outGroups() * a.outRank());
    out.add(SyntheticTensor.vector(p + "attn_sink", StorageType.F32, a.heads(), 0, 1));
    if (layer.compresses()) {
      compressor(p + "compressor.", layer, a.headDim());
    }
    IndexerConfig x = config.indexer();
    if (layer.makesIndexKeys()) {
      if (x.keys() == IndexerConfig.Keys.COMPRESSED) {
        compressor(p + "indexer.compressor.", layer, x.headDim());
      } else {
        small(p + "indexer.wk", x.headDim(), a.headDim());
        norm(p + "indexer.k_norm.weight", x.headDim());
      }
    }
    if (layer.selects()) {
      dense(p + "indexer.wq_b", x.heads() * x.headDim(), a.queryRank());
      small(p + "indexer.weights_proj", x.heads(), d);
    }
  }

  private void compressor(String p, LayerConfig layer, int width) {
    int channels = layer.compressorHalves() * width;
    small(p + "wkv", channels, config.hiddenSize());
    if (layer.ratio() > 1) {
      small(p + "wgate", channels, config.hiddenSize());
    }
    if (config.indexer().keys() == IndexerConfig.Keys.COMPRESSED) {
      out.add(SyntheticTensor.matrix(p + "ape", StorageType.F32, layer.ratio(), channels, 0.3));
    }
    norm(p + "norm.weight", width);
  }

  private void experts(String p, LayerConfig layer) {
    MoeConfig m = layer.moe();
    int d = config.hiddenSize();
    out.add(SyntheticTensor.matrix(p + "gate.weight", types.router(), m.experts(), d));
    if (layer.hashRouted()) {
      out.add(
          new SyntheticTensor(
              p + "gate.tid2eid",
              types.choices(),
              0,
              config.vocabSize(),
              m.activeExperts(),
              new Choices(m.experts())));
    } else {
      out.add(SyntheticTensor.vector(p + "gate.bias", StorageType.F32, m.experts(), 0, 0.05));
    }
    stack(p + "experts.w1", mix.experts(), m.experts(), m.width(), d);
    stack(p + "experts.w3", mix.experts(), m.experts(), m.width(), d);
    stack(p + "experts.w2", mix.down(), m.experts(), d, m.width());
    if (m.sharedExperts() > 0) {
      dense(p + "shared_experts.w1", m.width(), d);
      dense(p + "shared_experts.w3", m.width(), d);
      dense(p + "shared_experts.w2", d, m.width());
    }
  }

  private void stack(String name, StorageType type, int experts, int rows, int cols) {
    out.add(SyntheticTensor.stack(name, type, experts, rows, cols));
  }
}
