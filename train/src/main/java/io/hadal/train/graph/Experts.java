package io.hadal.train.graph;

import io.hadal.kernels.Router;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.MoeConfig;
import io.hadal.train.graph.Parameter.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Router and experts (V4.1 spec 4.3): tokens sorted by expert, products of some rows of one expert
 * at a time.
 */
final class Experts {
  /** Most rows of a task. */
  private static final int ROWS = 384;

  private final Work work;
  private final MoeConfig moe;
  private final int hidden;
  private final int inner;
  private final float routedLimit;
  private final float sharedLimit;
  // None in a dense layer.
  private final @Nullable Linear router;
  private final @Nullable Parameter bias;
  private final int @Nullable [] table;
  private final List<Expert> experts = new ArrayList<>();
  private final @Nullable Expert shared;

  private float[] scores = new float[0];
  private float[] logits = new float[0];
  private float[] weights = new float[0];
  private int[] chosen = new int[0];
  private int[] starts = new int[1];
  // Token of every assignment sorted by expert, and the place of every assignment there.
  private int[] rowTokens = new int[0];
  private int[] places = new int[0];
  private float[] gathered = new float[0];
  private float[] sortedWeights = new float[0];
  private float[] gate = new float[0];
  private float[] up = new float[0];
  private float[] active = new float[0];
  private float[] results = new float[0];
  private float[] sharedGate = new float[0];
  private float[] sharedUp = new float[0];
  private float[] sharedActive = new float[0];
  private float[] sharedResults = new float[0];
  private float[] dGathered = new float[0];
  private float[] dActive = new float[0];
  private float[] dWeights = new float[0];
  private float[] dLogits = new float[0];
  private final long[] loads;

  /** Rows of one expert that a task works on. */
  private record Unit(Expert expert, boolean routed, int from, int count) {}

  private record Expert(Linear w1, Linear w2, Linear w3) {}

  /**
   * Declares a layer's parameters.
   *
   * @param table experts of every token id, {@code [vocab, active]}, for a hash-routed layer
   */
  Experts(
      Work work,
      ModelConfig config,
      LayerConfig layer,
      ParameterSet set,
      String prefix,
      int @Nullable [] table) {
    this.work = work;
    this.moe = layer.moe();
    this.hidden = config.hiddenSize();
    this.inner = moe.width();
    this.routedLimit = layer.routedLimit();
    this.sharedLimit = layer.sharedLimit();
    this.table = table;
    this.loads = new long[moe.experts()];
    this.router = moe.dense() ? null : router(set, prefix);
    this.bias =
        table == null && router != null
            ? set.constant(prefix + "gate.bias", Kind.STATE, 0, moe.experts())
            : null;
    double depth = 1 / Math.sqrt(2.0 * config.layers().size());
    for (int e = 0; e < moe.experts(); e++) {
      experts.add(expert(set, prefix + "experts." + e + ".", inner, depth));
    }
    this.shared =
        moe.sharedExperts() == 0
            ? null
            : expert(set, prefix + "shared_experts.", inner * moe.sharedExperts(), depth);
  }

  private Linear router(ParameterSet set, String prefix) {
    int e = moe.experts();
    double deviation = 0.5 / Math.sqrt(hidden);
    return Linear.narrow(
        set.normal(prefix + "gate.weight", Kind.MATRIX, deviation, e, hidden), e, hidden);
  }

  private Expert expert(ParameterSet set, String prefix, int n, double depth) {
    double deviation = 1 / Math.sqrt(hidden);
    Parameter w1 = set.normal(prefix + "w1.weight", Kind.MATRIX, deviation, n, hidden);
    Parameter w2 = set.normal(prefix + "w2.weight", Kind.MATRIX, depth / Math.sqrt(n), hidden, n);
    Parameter w3 = set.normal(prefix + "w3.weight", Kind.MATRIX, deviation, n, hidden);
    return new Expert(
        new Linear(w1, n, hidden), new Linear(w2, hidden, n), new Linear(w3, n, hidden));
  }

  /** Assignments of each expert since the last {@link #updateBias}. */
  long[] loads() {
    return loads;
  }

  /** Moves the bias of each expert against its load, and counts loads anew. */
  void updateBias(float speed) {
    long total = Arrays.stream(loads).sum();
    if (bias != null) {
      for (int e = 0; e < loads.length; e++) {
        bias.value()[e] += speed * Long.signum(total - loads[e] * loads.length);
      }
    }
    Arrays.fill(loads, 0);
  }

  /**
   * The sublayer.
   *
   * @param x normalised input {@code [tokens, hidden]}
   * @param y out {@code [tokens, hidden]}
   */
  void forward(PackedBatch batch, float[] x, float[] y) {
    int tokens = batch.tokens();
    int k = moe.activeExperts();
    int n = tokens * k;
    if (router != null) {
      route(router, batch, x);
    }
    sort(tokens);
    gathered = Work.grow(gathered, n * hidden);
    gate = Work.grow(gate, n * inner);
    up = Work.grow(up, n * inner);
    active = Work.grow(active, n * inner);
    results = Work.grow(results, n * hidden);
    int sharedInner = shared == null ? 0 : shared.w1().out();
    sharedGate = Work.grow(sharedGate, tokens * sharedInner);
    sharedUp = Work.grow(sharedUp, tokens * sharedInner);
    sharedActive = Work.grow(sharedActive, tokens * sharedInner);
    sharedResults = Work.grow(sharedResults, shared == null ? 0 : tokens * hidden);
    gather(n, x, gathered);
    List<Unit> units = units(tokens);
    work.pool.run(units.size(), (i, worker) -> run(units.get(i), x));
    work.rows(
        tokens,
        (from, to, worker) -> {
          for (int t = from; t < to; t++) {
            int at = t * hidden;
            if (k == 0) {
              System.arraycopy(sharedResults, at, y, at, hidden);
              continue;
            }
            System.arraycopy(results, places[t * k] * hidden, y, at, hidden);
            for (int i = 1; i < k; i++) {
              work.kernels.addScaled(1, results, places[t * k + i] * hidden, y, at, hidden);
            }
            if (shared != null) {
              work.kernels.addScaled(1, sharedResults, at, y, at, hidden);
            }
          }
        });
  }

  private void route(Linear router, PackedBatch batch, float[] x) {
    int tokens = batch.tokens();
    int k = moe.activeExperts();
    int e = moe.experts();
    logits = Work.grow(logits, tokens * e);
    scores = Work.grow(scores, tokens * e);
    weights = Work.grow(weights, tokens * k);
    chosen = Work.grow(chosen, tokens * k);
    router.forward(work, tokens, x, logits);
    work.rows(
        tokens,
        (from, to, worker) -> {
          for (int t = from; t < to; t++) {
            Router.scores(logits, t * e, e, scores, t * e);
            if (table != null) {
              System.arraycopy(table, batch.id(t) * k, chosen, t * k, k);
              Arrays.sort(chosen, t * k, (t + 1) * k);
            } else {
              float[] b = bias == null ? null : bias.value();
              Router.select(scores, t * e, e, b, k, chosen, t * k);
            }
            if (moe.normalized()) {
              Router.weights(scores, t * e, chosen, t * k, k, moe.routedScale(), weights, t * k);
            } else {
              for (int a = t * k; a < (t + 1) * k; a++) {
                weights[a] = scores[t * e + chosen[a]] * moe.routedScale();
              }
            }
          }
        });
  }

  /** Stable counting sort of the assignments by expert. */
  private void sort(int tokens) {
    int k = moe.activeExperts();
    int n = tokens * k;
    starts = new int[moe.experts() + 1];
    rowTokens = Work.grow(rowTokens, n);
    places = Work.grow(places, n);
    sortedWeights = Work.grow(sortedWeights, n);
    for (int i = 0; i < n; i++) {
      starts[chosen[i] + 1]++;
    }
    for (int e = 0; e < moe.experts(); e++) {
      starts[e + 1] += starts[e];
    }
    int[] next = starts.clone();
    for (int i = 0; i < n; i++) {
      int at = next[chosen[i]]++;
      rowTokens[at] = i / k;
      sortedWeights[at] = weights[i];
      places[i] = at;
    }
  }

  private void gather(int n, float[] from, float[] to) {
    work.rows(
        n,
        (first, end, worker) -> {
          for (int i = first; i < end; i++) {
            System.arraycopy(from, rowTokens[i] * hidden, to, i * hidden, hidden);
          }
        });
  }

  private List<Unit> units(int tokens) {
    List<Unit> units = new ArrayList<>();
    if (shared != null) {
      for (int from = 0; from < tokens; from += ROWS) {
        units.add(new Unit(shared, false, from, Math.min(ROWS, tokens - from)));
      }
    }
    for (int e = 0; e < experts.size(); e++) {
      for (int from = starts[e]; from < starts[e + 1]; from += ROWS) {
        units.add(new Unit(experts.get(e), true, from, Math.min(ROWS, starts[e + 1] - from)));
      }
    }
    return units;
  }

  /** {@code y[rows] = W x[rows]} on one thread. */
  private void multiply(Linear w, float[] x, int from, int count, float[] y) {
    work.gemm.multiply(
        count,
        w.out(),
        w.in(),
        x,
        from * w.in(),
        w.in(),
        1,
        w.weight().value(),
        0,
        1,
        w.in(),
        y,
        from * w.out(),
        w.out(),
        false);
  }

  /** {@code dx[rows] (+)= W^T dy[rows]} on one thread. */
  private void multiplyTransposed(
      Linear w, float[] dy, int from, int count, float[] dx, boolean add) {
    work.gemm.multiply(
        count,
        w.in(),
        w.out(),
        dy,
        from * w.out(),
        w.out(),
        1,
        w.weight().value(),
        0,
        w.in(),
        1,
        dx,
        from * w.in(),
        w.in(),
        add);
  }

  private void run(Unit u, float[] x) {
    float[] in = u.routed ? gathered : x;
    float[] g = u.routed ? gate : sharedGate;
    float[] p = u.routed ? up : sharedUp;
    float[] h = u.routed ? active : sharedActive;
    Expert e = u.expert;
    int n = e.w1.out();
    multiply(e.w1, in, u.from, u.count, g);
    multiply(e.w3, in, u.from, u.count, p);
    for (int i = u.from; i < u.from + u.count; i++) {
      float limit = u.routed ? routedLimit : sharedLimit;
      float weight = u.routed ? sortedWeights[i] : 1;
      work.kernels.swiglu(g, i * n, p, i * n, n, limit, weight, h, i * n);
    }
    multiply(e.w2, h, u.from, u.count, u.routed ? results : sharedResults);
  }

  /**
   * Backward of the sublayer.
   *
   * @param dy gradient of the output
   * @param dx out: set
   */
  void backward(PackedBatch batch, float[] x, float[] dy, float[] dx, Pass pass) {
    int tokens = batch.tokens();
    int k = moe.activeExperts();
    int n = tokens * k;
    // Only here: a held-out text that is evaluated must not move the router biases.
    for (int e = 0; e < loads.length; e++) {
      loads[e] += starts[e + 1] - starts[e];
    }
    dGathered = Work.grow(dGathered, n * hidden);
    dWeights = Work.grow(dWeights, n);
    int sharedInner = shared == null ? 0 : shared.w1().out();
    dActive = Work.grow(dActive, Math.max(n * inner, tokens * sharedInner));
    gather(n, dy, dGathered);
    List<Unit> units = units(tokens);
    List<Unit> routed = units.stream().filter(Unit::routed).toList();
    List<Unit> common = units.stream().filter(u -> !u.routed()).toList();
    work.pool.run(routed.size(), (i, worker) -> runBackward(routed.get(i), dGathered, results));
    weightGradients(tokens, x, dy);
    work.pool.run(common.size(), (i, worker) -> runBackward(common.get(i), dy, dx));
    sharedGradients(tokens, x, dy);
    work.rows(
        tokens,
        (from, to, worker) -> {
          if (shared == null) {
            Arrays.fill(dx, from * hidden, to * hidden, 0);
          }
          for (int t = from; t < to; t++) {
            for (int i = 0; i < k; i++) {
              work.kernels.addScaled(
                  1, results, places[t * k + i] * hidden, dx, t * hidden, hidden);
            }
          }
        });
    if (router != null) {
      routeBackward(router, batch, x, dx, pass);
    }
  }

  /** From the gradient of rows to that of their inputs, which goes to {@code out}. */
  private void runBackward(Unit u, float[] dy, float[] out) {
    float[] g = u.routed ? gate : sharedGate;
    float[] p = u.routed ? up : sharedUp;
    float[] h = u.routed ? active : sharedActive;
    Expert e = u.expert;
    int n = e.w1.out();
    multiplyTransposed(e.w2, dy, u.from, u.count, dActive, false);
    for (int i = u.from; i < u.from + u.count; i++) {
      int at = i * n;
      float weight = u.routed ? sortedWeights[i] : 1;
      if (u.routed) {
        // h holds the weight as a factor.
        dWeights[i] = weight == 0 ? 0 : work.kernels.dot(dActive, at, h, at, n) / weight;
      }
      float limit = u.routed ? routedLimit : sharedLimit;
      work.training.swigluBackward(g, at, p, at, dActive, at, n, limit, weight, g, at, p, at);
    }
    multiplyTransposed(e.w1, g, u.from, u.count, out, false);
    multiplyTransposed(e.w3, p, u.from, u.count, out, true);
  }

  private void weightGradients(int tokens, float[] x, float[] dy) {
    work.pool.run(
        3 * experts.size(),
        (task, worker) -> {
          int e = task / 3;
          int from = starts[e];
          int count = starts[e + 1] - from;
          switch (task % 3) {
            case 0 -> addWeight(experts.get(e).w1, gate, gathered, from, count);
            case 1 -> addWeight(experts.get(e).w3, up, gathered, from, count);
            default -> addWeight(experts.get(e).w2, dGathered, active, from, count);
          }
        });
  }

  private void addWeight(Linear w, float[] dy, float[] x, int from, int count) {
    MatrixAdapter adapter = w.weight().adapter();
    if (adapter != null && count > 0) {
      int dyAt = from * w.out();
      int xAt = from * w.in();
      adapter.backward(work.gemm, 0, w.out(), count, dy, dyAt, w.out(), x, xAt, w.in());
    }
    if (w.weight().frozen()) {
      return;
    }
    work.gemm.multiply(
        w.out(),
        w.in(),
        count,
        dy,
        from * w.out(),
        1,
        w.out(),
        x,
        from * w.in(),
        w.in(),
        1,
        w.weight().gradient(),
        0,
        w.in(),
        true);
  }

  private void sharedGradients(int tokens, float[] x, float[] dy) {
    if (shared != null) {
      shared.w1.backwardWeight(work, tokens, sharedGate, x);
      shared.w3.backwardWeight(work, tokens, sharedUp, x);
      shared.w2.backwardWeight(work, tokens, dy, sharedActive);
    }
  }

  private void routeBackward(Linear router, PackedBatch batch, float[] x, float[] dx, Pass pass) {
    int tokens = batch.tokens();
    int e = moe.experts();
    int k = moe.activeExperts();
    dLogits = Work.grow(dLogits, tokens * e);
    float[] shares = shares(batch);
    int[] span = new int[tokens];
    for (int s = 0; s < batch.spans(); s++) {
      Arrays.fill(span, batch.start(s), batch.start(s + 1), s);
    }
    work.rows(
        tokens,
        (from, to, worker) -> {
          for (int t = from; t < to; t++) {
            int row = t * e;
            Arrays.fill(dLogits, row, row + e, 0);
            float sum = 0;
            float mean = 0;
            for (int i = 0; i < k; i++) {
              sum += scores[row + chosen[t * k + i]];
              mean += dWeights[places[t * k + i]] * weights[t * k + i];
            }
            if (!moe.normalized()) {
              sum = 1;
              mean = 0;
            }
            for (int i = 0; i < k; i++) {
              float d = dWeights[places[t * k + i]] * moe.routedScale() - mean;
              dLogits[row + chosen[t * k + i]] = d / sum;
            }
            if (table == null && pass.balanceScale() > 0) {
              balance(row, shares, span[t] * e, pass.balanceScale());
            }
            for (int i = row; i < row + e; i++) {
              // d sqrt(softplus(l)) / dl
              double s = Math.max(scores[i], 1e-12);
              dLogits[i] *= (float) (1 / (1 + Math.exp(-logits[i])) / (2 * s));
            }
          }
        });
    router.backwardInput(work, tokens, dLogits, dx, true);
    router.backwardWeight(work, tokens, dLogits, x);
  }

  /** Load of every expert in every span, 1 on average. */
  private float[] shares(PackedBatch batch) {
    int e = moe.experts();
    int k = moe.activeExperts();
    float[] shares = new float[batch.spans() * e];
    for (int s = 0; s < batch.spans(); s++) {
      float unit = (float) e / (k * batch.length(s));
      for (int i = batch.start(s) * k; i < batch.start(s + 1) * k; i++) {
        shares[s * e + chosen[i]] += unit;
      }
    }
    return shares;
  }

  /** Balance losses of the last batch, each times the tokens of its span (V4 spec 11). */
  double balance(PackedBatch batch) {
    if (table != null || router == null) {
      return 0;
    }
    int e = moe.experts();
    float[] shares = shares(batch);
    double loss = 0;
    for (int s = 0; s < batch.spans(); s++) {
      for (int t = batch.start(s); t < batch.start(s + 1); t++) {
        double sum = 0;
        double weighted = 0;
        for (int i = 0; i < e; i++) {
          sum += scores[t * e + i];
          weighted += shares[s * e + i] * scores[t * e + i];
        }
        loss += weighted / sum;
      }
    }
    return loss;
  }

  /** Slope of {@code sum_e f_e mean_t(s_e / sum s)} at one token. */
  private void balance(int row, float[] shares, int span, float scale) {
    int e = moe.experts();
    float sum = 0;
    float mean = 0;
    for (int i = 0; i < e; i++) {
      sum += scores[row + i];
      mean += shares[span + i] * scores[row + i];
    }
    for (int i = 0; i < e; i++) {
      dLogits[row + i] += scale * (shares[span + i] - mean / sum) / sum;
    }
  }
}
