package io.hadal.model.forward;

import io.hadal.kernels.Matrix;
import io.hadal.model.NumericMode;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.weights.AttentionWeights;
import io.hadal.model.weights.CompressorWeights;
import io.hadal.model.weights.IndexKeyWeights;
import io.hadal.model.weights.LayerWeights;
import io.hadal.model.weights.ModelWeights;
import io.hadal.model.weights.MoeWeights;
import io.hadal.model.weights.MoeWeights.ExpertWeights;
import io.hadal.model.weights.PackedWeights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The matrices of a model in the order in which a token meets them, by the kernel that multiplies
 * them: what {@link Compute}, {@link BlockLinear} and {@link BlockExperts} decide.
 */
public final class MatrixUses {
  /** Matrices that are multiplied in packed form, layer by layer; the output head is the last. */
  private final List<List<Matrix>> packed = new ArrayList<>();

  /** Matrices that are multiplied as they are stored. */
  private final List<Matrix> stored = new ArrayList<>();

  /** Those of {@link #stored} that a quantised model would hold packed. */
  private final List<Matrix> unpacked = new ArrayList<>();

  private final boolean fast;
  private List<Matrix> group = new ArrayList<>();

  private final PackedWeights forms;

  private MatrixUses(PackedWeights forms, NumericMode mode) {
    this.forms = forms;
    this.fast = mode == NumericMode.FAST;
  }

  /** Uses of a model's trunk and head in a numeric mode. */
  public static MatrixUses of(
      ModelConfig config, ModelWeights weights, PackedWeights forms, NumericMode mode) {
    MatrixUses uses = new MatrixUses(forms, mode);
    for (LayerWeights layer : weights.layers()) {
      uses.layer(config, layer);
      uses.endGroup();
    }
    uses.linear(weights.head().head());
    uses.endGroup();
    if (weights.head().collapse() != null) {
      uses.stored.add(weights.head().collapse().fn());
    }
    return uses;
  }

  /** Matrices that are multiplied in packed form, layer by layer; the output head is the last. */
  public List<List<Matrix>> packed() {
    return packed;
  }

  /** Matrices that are multiplied as they are stored. */
  public List<Matrix> stored() {
    return stored;
  }

  /** Large matrices that are stored in a type without a packed form, in mode fast. */
  public List<Matrix> unpacked() {
    return unpacked;
  }

  private void endGroup() {
    packed.add(List.copyOf(group));
    group = new ArrayList<>();
  }

  private void layer(ModelConfig config, LayerWeights w) {
    stored.add(w.attnHyper().fn());
    AttentionWeights a = w.attention();
    linear(a.wqA());
    linear(a.wqB());
    linear(a.wkv());
    compressor(a.compressor());
    switch (a.indexKeys()) {
      case null -> {}
      case IndexKeyWeights.Compressed(CompressorWeights compressor) -> compressor(compressor);
      case IndexKeyWeights.Projected(Matrix wk, float[] norm) -> stored.add(wk);
    }
    if (a.indexer() != null) {
      linear(a.indexer().wqB());
      linear(a.indexer().weightsProj());
    }
    int groups = config.attention().outGroups();
    if (groups == 1 || a.woA().rows() / groups % BlockLinear.GROUP == 0) {
      linear(a.woA());
    } else {
      asStored(a.woA());
    }
    linear(a.woB());
    stored.add(w.ffnHyper().fn());
    experts(w.moe());
  }

  private void experts(MoeWeights moe) {
    if (moe.gate() != null) {
      stored.add(moe.gate());
    }
    experts(moe.experts());
    if (moe.shared() != null) {
      experts(List.of(moe.shared()));
    }
  }

  private void experts(List<ExpertWeights> experts) {
    boolean packs = fast && !experts.isEmpty() && BlockExperts.handles(experts, forms);
    for (ExpertWeights e : experts) {
      for (Matrix m : List.of(e.w1(), e.w3(), e.w2())) {
        if (packs) {
          group.add(m);
        } else {
          asStored(m);
        }
      }
    }
  }

  private void compressor(@Nullable CompressorWeights w) {
    if (w != null) {
      stored.add(w.wkv());
      if (w.wgate() != null) {
        stored.add(w.wgate());
      }
    }
  }

  private void linear(Matrix w) {
    if (fast && forms.provides(w)) {
      group.add(w);
    } else {
      asStored(w);
    }
  }

  private void asStored(Matrix w) {
    stored.add(w);
    if (fast) {
      unpacked.add(w);
    }
  }
}
