package io.hadal.model.forward;

import io.hadal.kernels.Matrix;
import io.hadal.model.Model;
import io.hadal.model.config.NumericMode;
import io.hadal.model.weights.AttentionWeights;
import io.hadal.model.weights.CompressorWeights;
import io.hadal.model.weights.IndexKeyWeights;
import io.hadal.model.weights.LayerWeights;
import io.hadal.model.weights.ModelWeights;
import io.hadal.model.weights.MoeWeights;
import io.hadal.model.weights.MoeWeights.ExpertWeights;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The matrices of a model's trunk and head by the form in which a numeric mode multiplies them. */
public final class MatrixUses {
  /** Matrices that are multiplied in packed form, in the order of the forward pass. */
  private final List<Matrix> packed = new ArrayList<>();

  /** Matrices that are multiplied as they are stored. */
  private final List<Matrix> stored = new ArrayList<>();

  /** Those of {@link #stored} that a quantised model would hold packed. */
  private final List<Matrix> unpacked = new ArrayList<>();

  private final Set<Matrix> packable = Collections.newSetFromMap(new IdentityHashMap<>());
  private final boolean fast;

  private MatrixUses(NumericMode mode) {
    this.fast = mode == NumericMode.FAST;
  }

  /** Uses of a model's trunk and head in a numeric mode. */
  public static MatrixUses of(Model model, NumericMode mode) {
    MatrixUses uses = new MatrixUses(mode);
    if (uses.fast) {
      model.packable().values().stream()
          .filter(model.packed()::provides)
          .forEach(uses.packable::add);
    }
    ModelWeights weights = model.weights();
    weights.layers().forEach(uses::layer);
    uses.linear(weights.head().head());
    if (weights.head().collapse() != null) {
      uses.stored.add(weights.head().collapse().fn());
    }
    return uses;
  }

  /** Matrices that are multiplied in packed form, in the order of the forward pass. */
  public List<Matrix> packed() {
    return packed;
  }

  /** Matrices that are multiplied as they are stored. */
  public List<Matrix> stored() {
    return stored;
  }

  /**
   * Those of {@link #stored} that mode fast would multiply packed if they were stored otherwise.
   */
  public List<Matrix> unpacked() {
    return unpacked;
  }

  private void layer(LayerWeights w) {
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
    linear(a.woA());
    linear(a.woB());
    stored.add(w.ffnHyper().fn());
    MoeWeights moe = w.moe();
    if (moe.gate() != null) {
      stored.add(moe.gate());
    }
    moe.experts().forEach(this::expert);
    if (moe.shared() != null) {
      expert(moe.shared());
    }
  }

  private void expert(ExpertWeights e) {
    linear(e.w1());
    linear(e.w3());
    linear(e.w2());
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
    if (packable.contains(w)) {
      packed.add(w);
      return;
    }
    stored.add(w);
    if (fast) {
      unpacked.add(w);
    }
  }
}
