package io.hadal.model.forward;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.PackedMatrix;
import io.hadal.model.weights.MoeWeights.ExpertWeights;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Experts in mode fast. With few tokens for each expert, inputs are quantised once a token; with
 * many, every expert has its tokens side by side from the start of a tile.
 */
final class BlockExperts {
  /** Up to this many tokens of one expert each is multiplied by itself. */
  private static final int SINGLE = 2;

  private final Compute compute;
  private final BlockLinear blocks;
  private final BlockInput input = new BlockInput();
  private final BlockInput inner = new BlockInput();
  private final float[][] partial;
  private final Map<ExpertWeights, Boolean> handled = new IdentityHashMap<>();
  private float[] gate = new float[0];
  private float[] up = new float[0];
  // First input of every active expert, and of every assignment.
  private int[] inputs = new int[0];
  // Packed forms of the active experts.
  private PackedExpert[] packed = new PackedExpert[0];

  BlockExperts(Compute compute, BlockLinear blocks) {
    this.compute = compute;
    this.blocks = blocks;
    this.partial = Compute.perWorker(compute.pool);
  }

  /** True when all experts are stored alike in a form that packs. */
  boolean handles(List<ExpertWeights> experts) {
    return handled.computeIfAbsent(
        experts.getFirst(), first -> ExpertWeights.alike(experts, blocks::handles));
  }

  private record PackedExpert(PackedMatrix gate, PackedMatrix up, PackedMatrix down) {}

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
    int n = a.starts()[experts.size()];
    pack(experts, a.active());
    PackedExpert any = packed[a.active()[0]];
    int d = any.gate().cols();
    int width = any.gate().rows();
    boolean single = a.most() <= SINGLE;
    int count = place(a, n, single);
    int together = single ? 1 : a.most();
    blocks.kernels.prepare(input, single ? tokens : count, d, any.gate(), together);
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
          PackedExpert w = packed[e];
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
    blocks.kernels.prepare(inner, single ? n : count, width, any.down(), together);
    compute.forRows(n, (i, worker) -> inner.quantize(single ? i : inputs[i], gate, i * width));
    int outChunk = blocks.rowsPerTask(d, width, single ? 1 : n);
    compute.parallel(
        (d + outChunk - 1) / outChunk,
        (task, worker) -> {
          int from = task * outChunk;
          int to = Math.min(d, from + outChunk);
          for (int e : a.active()) {
            add(packed[e].down(), e, a, single, from, to, worker, out);
          }
        });
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
    if (packed.length < experts.size()) {
      packed = new PackedExpert[experts.size()];
    }
    for (int e : active) {
      packed[e] = packed(experts.get(e));
    }
  }

  private PackedExpert packed(ExpertWeights w) {
    return new PackedExpert(blocks.packed(w.w1()), blocks.packed(w.w3()), blocks.packed(w.w2()));
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
      next += blocks.tiles(a.count(e));
    }
    return next;
  }

  private void gateAndUp(PackedExpert w, int from, int to, int first, int count, int at) {
    int width = w.gate().rows();
    int end = first + count;
    blocks.kernels.multiply(w.gate(), from, to, input, first, end, gate, at, width);
    blocks.kernels.multiply(w.up(), from, to, input, first, end, up, at, width);
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
  void shared(int tokens, ExpertWeights shared, float limit, float[] x, float[] out) {
    PackedExpert w = packed(shared);
    int d = w.gate().cols();
    int width = w.gate().rows();
    blocks.kernels.prepare(input, tokens, d, w.gate(), tokens);
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
    blocks.linear(shared.w2(), gate, width, tokens, out, d);
  }
}
