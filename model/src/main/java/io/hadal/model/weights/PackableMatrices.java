package io.hadal.model.weights;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.PackedMatrix;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.weights.MoeWeights.ExpertWeights;
import io.hadal.model.weights.MtpWeights.Projection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The matrices of a model that mode fast multiplies packed, by released name. */
public final class PackableMatrices {
  private final Map<String, Matrix> found = new LinkedHashMap<>();

  private final int outGroups;

  private PackableMatrices(int outGroups) {
    this.outGroups = outGroups;
  }

  /**
   * Lists them in the order of the forward pass; names without {@code .weight}, such as {@code
   * layers.3.ffn.experts.17.w1}.
   *
   * @param engram n-gram memory; null without
   */
  public static Map<String, Matrix> of(
      ModelConfig config, ModelWeights weights, @Nullable EngramMemory engram) {
    PackableMatrices all = new PackableMatrices(config.attention().outGroups());
    all.model(weights);
    if (engram != null) {
      new TreeMap<>(engram.layers())
          .forEach(
              (i, layer) -> all.add("layers." + i + ".engram.wkv", layer.weights().projection()));
    }
    return all.found;
  }

  private void model(ModelWeights weights) {
    for (int i = 0; i < weights.layers().size(); i++) {
      layer("layers." + i + ".", weights.layers().get(i));
    }
    add("head", weights.head().head());
    for (int i = 0; i < weights.drafters().size(); i++) {
      String p = "mtp." + i + ".";
      switch (weights.drafters().get(i).projection()) {
        case Projection.Split(Matrix embed, Matrix hidden) -> {
          add(p + "e_proj", embed);
          add(p + "h_proj", hidden);
        }
        case Projection.Joined(Matrix both) -> add(p + "eh_proj", both);
      }
      layer(p, weights.drafters().get(i).layer());
    }
    BlockDraftWeights draft = weights.blockDraft();
    if (draft != null) {
      add("mtp.0.main_proj", draft.mainProj());
      for (int i = 0; i < draft.stages().size(); i++) {
        layer("mtp." + i + ".", draft.stages().get(i));
      }
    }
  }

  private void layer(String p, LayerWeights layer) {
    AttentionWeights a = layer.attention();
    add(p + "attn.wq_a", a.wqA());
    add(p + "attn.wq_b", a.wqB());
    add(p + "attn.wkv", a.wkv());
    // Every group of its rows is multiplied by itself.
    if (a.woA().rows() / outGroups % PackedMatrix.GROUP == 0) {
      add(p + "attn.wo_a", a.woA());
    }
    add(p + "attn.wo_b", a.woB());
    IndexerWeights indexer = a.indexer();
    if (indexer != null) {
      add(p + "attn.indexer.wq_b", indexer.wqB());
      add(p + "attn.indexer.weights_proj", indexer.weightsProj());
    }
    List<ExpertWeights> experts = layer.moe().experts();
    if (packable(experts)) {
      for (int e = 0; e < experts.size(); e++) {
        expert(p + "ffn.experts." + e + ".", experts.get(e));
      }
    }
    ExpertWeights shared = layer.moe().shared();
    if (shared != null) {
      if (packable(List.of(shared))) {
        expert(p + "ffn.shared_experts.", shared);
      } else {
        add(p + "ffn.shared_experts.w2", shared.w2());
      }
    }
  }

  private void expert(String p, ExpertWeights e) {
    add(p + "w1", e.w1());
    add(p + "w3", e.w3());
    add(p + "w2", e.w2());
  }

  private static boolean packable(List<ExpertWeights> experts) {
    return !experts.isEmpty() && ExpertWeights.alike(experts, PackedMatrix::packable);
  }

  private void add(String name, Matrix w) {
    if (PackedMatrix.packable(w)) {
      found.put(name, w);
    }
  }
}
