package io.hadal.model.weights;

import io.hadal.kernels.Matrix;
import java.util.List;
import java.util.function.Predicate;
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
    /**
     * True when all experts are stored alike, gate and up in one type, and every matrix meets a
     * condition.
     */
    public static boolean alike(List<ExpertWeights> experts, Predicate<Matrix> condition) {
      ExpertWeights first = experts.getFirst();
      return experts.stream()
          .allMatch(
              e ->
                  e.w1.type() == first.w1.type()
                      && e.w3.type() == first.w1.type()
                      && e.w2.type() == first.w2.type()
                      && condition.test(e.w1)
                      && condition.test(e.w3)
                      && condition.test(e.w2));
    }
  }

  public MoeWeights {
    experts = List.copyOf(experts);
  }
}
