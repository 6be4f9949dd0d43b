package io.hadal.model.forward;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.Router;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.MoeConfig;
import io.hadal.model.weights.MoeWeights;
import io.hadal.model.weights.MoeWeights.ExpertWeights;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Router and experts (spec 5.1, 5.2). Tokens are grouped by expert, so a step reads every expert
 * once; each output adds its experts in ascending order, whatever else is in the batch.
 */
final class MixtureOfExperts {
  private final ModelConfig config;
  private final Compute compute;
  private float[] logits = new float[0];
  private float[] weights = new float[0];
  private float[] gathered = new float[0];
  private float[] gate = new float[0];
  private float[] up = new float[0];
  private float[] routed = new float[0];
  private float[] shared = new float[0];
  private int[] chosen = new int[0];
  private int[] starts = new int[1];
  // Row of the batch and routing slot of every assignment, sorted by expert.
  private int[] rows = new int[0];
  private int[] slots = new int[0];
  private final float[][] partial;
  private final @Nullable BlockExperts blocks;

  MixtureOfExperts(ModelConfig config, Compute compute) {
    this.config = config;
    this.compute = compute;
    this.partial = Compute.perWorker(compute.pool);
    this.blocks = compute.blocks == null ? null : new BlockExperts(compute, compute.blocks);
  }

  /**
   * One feed-forward sublayer.
   *
   * @param x normalised input {@code [tokens, hidden]}
   * @param out {@code [tokens, hidden]}
   */
  void forward(Batch batch, int layer, LayerConfig lc, MoeWeights w, float[] x, float[] out) {
    int tokens = batch.size();
    int d = config.hiddenSize();
    routed = Compute.grow(routed, tokens * d);
    Arrays.fill(routed, 0, tokens * d, 0);
    Matrix router = w.gate();
    if (router != null) {
      route(batch, layer, lc.moe(), w, router, x);
      group(lc.moe(), tokens);
      if (blocks != null && blocks.handles(w.experts())) {
        blocks.routed(tokens, w.experts(), assignments(lc.moe()), lc.routedLimit(), x, routed);
      } else {
        runRouted(tokens, lc, w, x);
      }
    } else {
      compute.probe(layer, "gate_w", weights, tokens, 0);
      compute.probe(layer, "gate_idx", weights, tokens, 0);
    }
    shared = Compute.grow(shared, tokens * d);
    ExpertWeights s = w.shared();
    if (s == null) {
      Arrays.fill(shared, 0, tokens * d, 0);
    } else if (blocks != null && blocks.handles(List.of(s))) {
      blocks.shared(tokens, s, lc.sharedLimit(), x, shared);
    } else {
      runShared(tokens, lc, s, x);
    }
    compute.forRows(
        tokens,
        (t, worker) -> {
          for (int i = t * d; i < (t + 1) * d; i++) {
            out[i] = routed[i] + shared[i];
          }
          compute.round(out, t * d, d);
        });
    compute.probe(layer, "routed", routed, tokens, d);
    compute.probe(layer, "shared", shared, tokens, d);
    compute.probe(layer, "ffn_out", out, tokens, d);
  }

  private void route(
      Batch batch, int layer, MoeConfig moe, MoeWeights w, Matrix router, float[] x) {
    int tokens = batch.size();
    int experts = moe.experts();
    int active = moe.activeExperts();
    logits = Compute.grow(logits, tokens * experts);
    weights = Compute.grow(weights, tokens * active);
    chosen = chosen.length >= tokens * active ? chosen : new int[tokens * active];
    compute.matmul(router, x, config.hiddenSize(), tokens, logits, experts);
    compute.forRows(tokens, (t, worker) -> choose(batch, moe, w, t));
    compute.probe(layer, "gate_scores", logits, tokens, experts);
    compute.probe(layer, "gate_w", weights, tokens, active);
    if (compute.probe != null) {
      float[] ids = new float[tokens * active];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = chosen[i];
      }
      compute.probe(layer, "gate_idx", ids, tokens, active);
    }
  }

  /** Experts of a token and their weights, from its logits. */
  private void choose(Batch batch, MoeConfig moe, MoeWeights w, int t) {
    int experts = moe.experts();
    int active = moe.activeExperts();
    Router.scores(logits, t * experts, experts, logits, t * experts);
    int[] table = w.table();
    if (table != null) {
      System.arraycopy(table, batch.id(t) * active, chosen, t * active, active);
      Arrays.sort(chosen, t * active, (t + 1) * active);
    } else {
      Router.select(logits, t * experts, experts, w.bias(), active, chosen, t * active);
    }
    int at = t * active;
    if (moe.normalized()) {
      Router.weights(logits, t * experts, chosen, at, active, moe.routedScale(), weights, at);
    } else {
      for (int i = at; i < at + active; i++) {
        weights[i] = logits[t * experts + chosen[i]] * moe.routedScale();
      }
    }
  }

  /** Sorts the assignments by expert; a stable counting sort keeps tokens in order. */
  private void group(MoeConfig moe, int tokens) {
    if (starts.length < moe.experts() + 1) {
      starts = new int[moe.experts() + 1];
    }
    int n = tokens * moe.activeExperts();
    if (rows.length < n) {
      rows = new int[n];
      slots = new int[n];
    }
    Arrays.fill(starts, 0);
    for (int i = 0; i < n; i++) {
      starts[chosen[i] + 1]++;
    }
    for (int e = 0; e < moe.experts(); e++) {
      starts[e + 1] += starts[e];
    }
    int[] next = starts.clone();
    for (int i = 0; i < n; i++) {
      int at = next[chosen[i]]++;
      rows[at] = i / moe.activeExperts();
      slots[at] = i;
    }
  }

  private BlockExperts.Assignments assignments(MoeConfig moe) {
    return new BlockExperts.Assignments(activeExperts(moe.experts()), starts, rows, slots, weights);
  }

  private void runRouted(int tokens, LayerConfig lc, MoeWeights w, float[] x) {
    int d = config.hiddenSize();
    int width = lc.moe().width();
    int n = tokens * lc.moe().activeExperts();
    gathered = Compute.grow(gathered, n * d);
    gate = Compute.grow(gate, n * width);
    up = Compute.grow(up, n * width);
    int[] active = activeExperts(lc.moe().experts());
    float[] in = compute.activations(w.experts().getFirst().w1(), x, d, tokens);
    compute.forRows(n, (i, worker) -> System.arraycopy(in, rows[i] * d, gathered, i * d, d));

    int chunk = compute.rowsPerTask(width, d, Math.max(1, n / active.length));
    int chunks = (width + chunk - 1) / chunk;
    compute.parallel(
        active.length * chunks,
        (task, worker) -> {
          int e = active[task / chunks];
          int from = task % chunks * chunk;
          int to = Math.min(width, from + chunk);
          int first = starts[e];
          int count = starts[e + 1] - first;
          ExpertWeights expert = w.experts().get(e);
          inner(expert, gathered, first, count, from, to, lc.routedLimit(), true, worker);
        });
    if (compute.quantizesInput(w.experts().getFirst().w2())) {
      compute.forRows(n, (i, worker) -> compute.quantizeActivations(gate, i * width, width));
    }
    int outChunk = compute.rowsPerTask(d, width, n);
    compute.parallel(
        (d + outChunk - 1) / outChunk,
        (task, worker) -> {
          int from = task * outChunk;
          int to = Math.min(d, from + outChunk);
          for (int e : active) {
            addExpert(w.experts().get(e).w2(), e, from, to, worker);
          }
        });
  }

  private int[] activeExperts(int experts) {
    int[] active = new int[experts];
    int count = 0;
    for (int e = 0; e < experts; e++) {
      if (starts[e + 1] > starts[e]) {
        active[count++] = e;
      }
    }
    return Arrays.copyOf(active, count);
  }

  /**
   * Gate, up and activation of inner rows {@code from .. to} for consecutive assignments; result in
   * {@link #gate}.
   */
  private void inner(
      ExpertWeights expert,
      float[] in,
      int first,
      int count,
      int from,
      int to,
      float limit,
      boolean weighted,
      int worker) {
    int d = config.hiddenSize();
    int width = expert.w1().rows();
    int at = first * width;
    compute.rows(expert.w1(), from, to, in, first * d, d, count, gate, at, width, worker);
    compute.rows(expert.w3(), from, to, in, first * d, d, count, up, at, width, worker);
    for (int i = first; i < first + count; i++) {
      int row = i * width + from;
      compute.round(gate, row, to - from);
      compute.round(up, row, to - from);
      float scale = weighted ? weights[slots[i]] : 1;
      compute.kernels.swiglu(gate, row, up, row, to - from, limit, scale, gate, row);
      compute.round(gate, row, to - from);
    }
  }

  /** Adds rows {@code from .. to} of one expert's output to its tokens. */
  private void addExpert(Matrix w2, int e, int from, int to, int worker) {
    int d = config.hiddenSize();
    int width = w2.cols();
    int first = starts[e];
    int count = starts[e + 1] - first;
    partial[worker] = Compute.grow(partial[worker], count * d);
    float[] y = partial[worker];
    compute.rows(w2, from, to, gate, first * width, width, count, y, 0, d, worker);
    for (int i = 0; i < count; i++) {
      compute.round(y, i * d + from, to - from);
      int row = rows[first + i] * d;
      for (int c = from; c < to; c++) {
        routed[row + c] += y[i * d + c];
      }
    }
  }

  private void runShared(int tokens, LayerConfig lc, ExpertWeights s, float[] x) {
    int d = config.hiddenSize();
    int width = s.w1().rows();
    gate = Compute.grow(gate, tokens * width);
    up = Compute.grow(up, tokens * width);
    float[] in = compute.activations(s.w1(), x, d, tokens);
    int chunk = compute.rowsPerTask(width, d, tokens);
    compute.parallel(
        (width + chunk - 1) / chunk,
        (task, worker) -> {
          int from = task * chunk;
          inner(
              s,
              in,
              0,
              tokens,
              from,
              Math.min(width, from + chunk),
              lc.sharedLimit(),
              false,
              worker);
        });
    compute.linear(s.w2(), gate, width, tokens, shared, d);
  }
}
