package io.hadal.train.optimizer;

import io.hadal.kernels.WorkerPool;
import io.hadal.train.graph.Parameter;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Muon (V4 spec 11): momentum of a matrix, made nearly orthogonal, is the update. Every matrix,
 * also that of each expert, is treated by itself and by one thread.
 */
final class Muon {
  private static final float MOMENTUM = 0.95f;

  /** Root mean square of an update's values, as Adam's are about, so that both share a rate. */
  private static final double UPDATE = 0.18;

  private final List<Parameter> matrices;
  private final Map<String, AdamW.Moments> moments;
  private final WorkerPool pool;
  // One a worker.
  private final NewtonSchulz[] iterations;

  /**
   * @param moments momentum by parameter name, as first moment
   */
  Muon(List<Parameter> matrices, Map<String, AdamW.Moments> moments, WorkerPool pool) {
    this.matrices = matrices;
    this.moments = moments;
    this.pool = pool;
    this.iterations = new NewtonSchulz[pool.threads()];
    for (int i = 0; i < iterations.length; i++) {
      iterations[i] = new NewtonSchulz();
    }
  }

  /** Whether a tensor is a matrix of a hidden layer. */
  static boolean takes(Parameter p) {
    return p.kind() == Parameter.Kind.MATRIX && p.shape().size() == 2;
  }

  /**
   * Updates all matrices.
   *
   * @param factor on the gradients, for clipping
   * @param decay of the weights a step
   */
  void step(float factor, double rate, double decay) {
    pool.run(
        matrices.size(),
        (i, worker) -> update(matrices.get(i), iterations[worker], factor, rate, decay));
  }

  private void update(
      Parameter p, NewtonSchulz iteration, float factor, double rate, double decay) {
    int rows = p.shape().get(0);
    int columns = p.shape().get(1);
    int size = p.size();
    float[] x = iteration.input(rows, columns);
    float[] gradient = p.gradient();
    float[] momentum = Objects.requireNonNull(moments.get(p.name())).first();
    for (int i = 0; i < size; i++) {
      float g = gradient[i] * factor;
      momentum[i] = MOMENTUM * momentum[i] + g;
      x[i] = MOMENTUM * momentum[i] + g;
    }
    float[] w = p.value();
    float kept = (float) (1 - decay);
    float[] direction = iteration.run();
    if (direction.length == 0) {
      for (int i = 0; i < size; i++) {
        w[i] *= kept;
      }
      return;
    }
    float step = (float) (rate * UPDATE * Math.sqrt(Math.max(rows, columns)));
    for (int i = 0; i < size; i++) {
      w[i] = w[i] * kept - step * direction[i];
    }
  }
}
