package io.hadal.model.forward;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.PackedMatrix;
import io.hadal.model.weights.MoeWeights.ExpertWeights;
import io.hadal.model.weights.PackedWeights;
import java.util.ArrayList;
import java.util.List;

/**
 * Experts in mode fast. With few tokens for each expert, inputs are quantised once a token; with
 * many, every expert has its tokens side by side from the start of a panel.
 */
final class BlockExperts {
  /** Up to this many tokens of one expert each is multiplied by itself. */
  private static final int SINGLE = 2;

  private final Compute compute;
  private final BlockLinear blocks;
  private final BlockInput input = new BlockInput();
  private final BlockInput inner = new BlockInput();
  private final float[][] partial;
  private float[] gate = new float[0];
  private float[] up = new float[0];
  // First input of every active expert, and of every assignment.
  private int[] inputs = new int[0];

  BlockExperts(Compute compute, BlockLinear blocks) {
    this.compute = compute;
    this.blocks = blocks;
    this.partial = Compute.perWorker(compute.pool);
  }

  /** True when all experts are stored alike in a form that packs. */
  boolean handles(List<ExpertWeights> experts) {
    return handles(experts, blocks.weights());
  }

  static boolean handles(List<ExpertWeights> experts, PackedWeights forms) {
    ExpertWeights first = experts.getFirst();
    for (ExpertWeights e : experts) {
      if (!e.storedAs(first)
          || !forms.provides(e.w1())
          || !forms.provides(e.w3())
          || !forms.provides(e.w2())) {
        return false;
      }
    }
    return true;
  }

  /**
   * Assignments of tokens to experts, sorted by expert.
   *
   * @param active experts that have any
   * @param starts first assignment of every expert
   * @param tokens token of every assignment
   * @param slots place of its weight
   * @param weights routing weights
   */
  record Assignments(int[] active, int[] starts, int[] tokens, int[] slots, float[] weights) {
    int count(int e) {
      return starts[e + 1] - starts[e];
    }

    int most() {
      int most = 0;
      for (int e : active) {
        most = Math.max(most, count(e));
      }
      return most;
    }
  }

  /**
   * Adds the routed experts of a batch, ascending, to {@code out}.
   *
   * @param x inputs {@code [tokens, hidden]}
   * @param out {@code [tokens, hidden]}
   */
  void routed(
      int tokens, List<ExpertWeights> experts, Assignments a, float limit, float[] x, float[] out) {
    ExpertWeights any = experts.getFirst();
    int d = any.w1().cols();
    int width = any.w1().rows();
    int n = a.starts()[experts.size()];
    pack(experts, a.active());
    boolean single = a.most() <= SINGLE;
    int count = place(a, n, single);
    int together = single ? 1 : a.most();
    blocks.kernels.prepare(input, single ? tokens : count, d, packed(any.w1()), together);
    if (single) {
      compute.forRows(tokens, (t, worker) -> input.quantize(t, x, t * d));
    } else {
      compute.forRows(n, (i, worker) -> input.quantize(inputs[i], x, a.tokens()[i] * d));
    }
    gate = Compute.grow(gate, n * width);
    up = Compute.grow(up, n * width);
    int chunk = blocks.rowsPerTask(width, d, Math.max(1, n / a.active().length));
    int chunks = (width + chunk - 1) / chunk;
    compute.parallel(
        a.active().length * chunks,
        (task, worker) -> {
          int e = a.active()[task / chunks];
          int from = task % chunks * chunk;
          int to = Math.min(width, from + chunk);
          int first = a.starts()[e];
          ExpertWeights w = experts.get(e);
          if (single) {
            for (int i = first; i < first + a.count(e); i++) {
              gateAndUp(w, from, to, a.tokens()[i], 1, i * width);
            }
          } else {
            gateAndUp(w, from, to, inputs[first], a.count(e), first * width);
          }
          for (int i = first; i < first + a.count(e); i++) {
            int row = i * width + from;
            float scale = a.weights()[a.slots()[i]];
            compute.kernels.swiglu(gate, row, up, row, to - from, limit, scale, gate, row);
          }
        });
    blocks.kernels.prepare(inner, single ? n : count, width, packed(any.w2()), together);
    compute.forRows(n, (i, worker) -> inner.quantize(single ? i : inputs[i], gate, i * width));
    int outChunk = blocks.rowsPerTask(d, width, n);
    compute.parallel(
        (d + outChunk - 1) / outChunk,
        (task, worker) -> {
          int from = task * outChunk;
          int to = Math.min(d, from + outChunk);
          for (int e : a.active()) {
            add(packed(experts.get(e).w2()), e, a, single, from, to, worker, out);
          }
        });
  }

  private PackedMatrix packed(Matrix w) {
    return blocks.packed(w);
  }

  private void pack(List<ExpertWeights> experts, int[] active) {
    List<Matrix> matrices = new ArrayList<>(3 * active.length);
    for (int e : active) {
      ExpertWeights w = experts.get(e);
      matrices.add(w.w1());
      matrices.add(w.w3());
      matrices.add(w.w2());
    }
    blocks.weights().require(matrices, compute.pool);
  }

  /** Gives every assignment its input; returns their number, gaps included. */
  private int place(Assignments a, int n, boolean single) {
    if (inputs.length < n) {
      inputs = new int[n];
    }
    if (single) {
      return n;
    }
    int next = 0;
    for (int e : a.active()) {
      int first = a.starts()[e];
      for (int i = 0; i < a.count(e); i++) {
        inputs[first + i] = next + i;
      }
      next += BlockLinear.panels(a.count(e));
    }
    return next;
  }

  private void gateAndUp(ExpertWeights w, int from, int to, int first, int count, int at) {
    int width = w.w1().rows();
    int end = first + count;
    blocks.kernels.multiply(packed(w.w1()), from, to, input, first, end, gate, at, width);
    blocks.kernels.multiply(packed(w.w3()), from, to, input, first, end, up, at, width);
  }

  /** Adds rows {@code from .. to} of one expert's output to its tokens. */
  private void add(
      PackedMatrix w2,
      int e,
      Assignments a,
      boolean single,
      int from,
      int to,
      int worker,
      float[] out) {
    int d = w2.rows();
    int first = a.starts()[e];
    int count = a.count(e);
    partial[worker] = Compute.grow(partial[worker], count * d);
    float[] y = partial[worker];
    if (single) {
      for (int i = 0; i < count; i++) {
        blocks.kernels.multiply(w2, from, to, inner, first + i, first + i + 1, y, i * d, d);
      }
    } else {
      int at = inputs[first];
      blocks.kernels.multiply(w2, from, to, inner, at, at + count, y, 0, d);
    }
    for (int i = 0; i < count; i++) {
      compute.kernels.addScaled(
          1, y, i * d + from, out, a.tokens()[first + i] * d + from, to - from);
    }
  }

  /** A shared expert over all tokens. */
  void shared(int tokens, ExpertWeights w, float limit, float[] x, float[] out) {
    int d = w.w1().cols();
    int width = w.w1().rows();
    blocks.kernels.prepare(input, tokens, d, packed(w.w1()), tokens);
    packed(w.w3());
    compute.forRows(tokens, (t, worker) -> input.quantize(t, x, t * d));
    gate = Compute.grow(gate, tokens * width);
    up = Compute.grow(up, tokens * width);
    int chunk = blocks.rowsPerTask(width, d, tokens);
    compute.parallel(
        (width + chunk - 1) / chunk,
        (task, worker) -> {
          int from = task * chunk;
          int to = Math.min(width, from + chunk);
          gateAndUp(w, from, to, 0, tokens, 0);
          for (int t = 0; t < tokens; t++) {
            int row = t * width + from;
            compute.kernels.swiglu(gate, row, up, row, to - from, limit, 1, gate, row);
          }
        });
    blocks.linear(w.w2(), gate, width, tokens, out, d);
  }
}
