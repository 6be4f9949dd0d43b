package io.hadal.model.weights;

import io.hadal.kernels.Matrix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Router and experts (spec 5.1, 5.2).
 *
 * @param gate router; null in dense layers, which have no routed experts
 * @param bias added for the selection only; null in hash-routed and dense layers
 * @param table experts by token id, {@code [vocab, active]}; null in learned layers
 * @param shared null when the model has no shared expert
 */
public record MoeWeights(
    @Nullable Matrix gate,
    float @Nullable [] bias,
    int @Nullable [] table,
    List<ExpertWeights> experts,
    @Nullable ExpertWeights shared) {

  /** One SwiGLU expert: {@code w2 (silu(w1 x) * w3 x)}. */
  public record ExpertWeights(Matrix w1, Matrix w3, Matrix w2) {
    /** True when both are stored in the same types, gate and up in one. */
    public boolean storedAs(ExpertWeights o) {
      return w1.type() == o.w1.type() && w3.type() == o.w1.type() && w2.type() == o.w2.type();
    }
  }

  public MoeWeights {
    experts = List.copyOf(experts);
  }
}
