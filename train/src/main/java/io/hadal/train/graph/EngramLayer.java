package io.hadal.train.graph;

import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.Parameter.Kind;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Looks n-grams up and adds what they hold to the streams (engram spec 3). */
final class EngramLayer {
  private static final float GATE_FLOOR = 1e-6f;

  private final Work work;
  private final EngramModule module;
  private final int streams;
  private final int hidden;
  private final int out;
  private final Parameter table;
  private final Linear projection;
  private final @Nullable Parameter bias;
  private final @Nullable Parameter queryNorm;
  private final @Nullable Parameter keyNorm;
  private int[] ids = new int[0];
  private float[] rows = new float[0];
  private float[] projected = new float[0];
  private float[] dots = new float[0];
  private float[] gates = new float[0];
  private float[] dProjected = new float[0];
  private float[] dRows = new float[0];
  private float[] product = new float[0];

  EngramLayer(Work work, ModelConfig config, EngramModule module, ParameterSet set) {
    this.work = work;
    this.module = module;
    this.streams = config.hyper().streams();
    this.hidden = config.hiddenSize();
    this.out = module.gated() ? (streams + 1) * hidden : hidden;
    String prefix = "layers." + module.layer() + ".engram.";
    this.table =
        set.normal(prefix + "embed.weight", Kind.TABLE, 0.02, module.rowCount(), module.rowWidth());
    if (module.absentRow() >= 0) {
      int at = module.absentRow() * module.rowWidth();
      Arrays.fill(table.value(), at, at + module.rowWidth(), 0);
    }
    this.projection =
        new Linear(
            set.normal(
                prefix + "wkv.weight",
                Kind.MATRIX,
                1 / Math.sqrt(module.width()),
                out,
                module.width()),
            out,
            module.width());
    this.bias =
        module.projectionBias() ? set.constant(prefix + "wkv.bias", Kind.VECTOR, 0, out) : null;
    this.queryNorm =
        module.gated() ? set.constant(prefix + "q_weight", Kind.VECTOR, 1, streams, hidden) : null;
    this.keyNorm =
        module.gated() ? set.constant(prefix + "k_weight", Kind.VECTOR, 1, streams, hidden) : null;
  }

  int layer() {
    return module.layer();
  }

  /** Mean gate of the last batch; 1 without gates. */
  double meanGate(int tokens) {
    if (!module.gated()) {
      return 1;
    }
    double sum = 0;
    for (int i = 0; i < tokens * streams; i++) {
      sum += gates[i];
    }
    return sum / (tokens * streams);
  }

  /** {@code y = x +} what the rows hold; both {@code [tokens, streams, hidden]}. */
  void forward(PackedBatch batch, float[] x, float[] y) {
    int tokens = batch.tokens();
    int width = module.width();
    ids = Work.grow(ids, tokens * module.columns());
    rows = Work.grow(rows, tokens * width);
    projected = Work.grow(projected, tokens * out);
    dots = Work.grow(dots, tokens * streams);
    gates = Work.grow(gates, tokens * streams);
    work.pool.run(
        batch.spans(),
        (s, worker) -> {
          int[] span = new int[batch.length(s)];
          int start = batch.start(s);
          Arrays.setAll(span, i -> batch.id(start + i));
          module.ids().find(span, ids, start * module.columns());
        });
    int n = module.rowWidth();
    work.rows(
        tokens,
        (from, to, worker) -> {
          for (int i = from * module.columns(); i < to * module.columns(); i++) {
            System.arraycopy(table.value(), ids[i] * n, rows, i * n, n);
          }
        });
    projection.forward(work, tokens, rows, projected);
    if (module.gated()) {
      multiplyNorms();
    }
    work.rows(
        tokens,
        (from, to, worker) -> {
          float[] b = work.scratch(worker, hidden);
          for (int t = from; t < to; t++) {
            if (bias != null) {
              work.kernels.addScaled(1, bias.value(), 0, projected, t * out, out);
            }
            add(x, y, t, b);
          }
        });
  }

  private void multiplyNorms() {
    product = Work.grow(product, streams * hidden);
    if (queryNorm != null && keyNorm != null) {
      work.training.multiply(
          queryNorm.value(), 0, keyNorm.value(), 0, product, 0, streams * hidden);
    }
  }

  private void add(float[] x, float[] y, int t, float[] b) {
    int value = t * out + out - hidden;
    for (int s = 0; s < streams; s++) {
      int h = (t * streams + s) * hidden;
      float gate = 1;
      if (module.gated()) {
        int key = t * out + s * hidden;
        work.training.multiply(product, s * hidden, projected, key, b, 0, hidden);
        double norms = inverse(x, h) * inverse(projected, key);
        float dot = (float) (work.kernels.dot(x, h, b, 0, hidden) * norms / Math.sqrt(hidden));
        double root = Math.copySign(Math.sqrt(Math.max(Math.abs(dot), GATE_FLOOR)), dot);
        gate = (float) (1 / (1 + Math.exp(-root)));
        dots[t * streams + s] = dot;
        gates[t * streams + s] = gate;
      }
      System.arraycopy(x, h, y, h, hidden);
      work.kernels.addScaled(gate, projected, value, y, h, hidden);
    }
  }

  private double inverse(float[] v, int at) {
    return 1
        / Math.sqrt((double) work.kernels.dot(v, at, v, at, hidden) / hidden + module.normEps());
  }

  /**
   * Backward; the gradient of y becomes that of x in place.
   *
   * @param x streams before the module
   */
  void backward(PackedBatch batch, float[] x, float[] d) {
    int tokens = batch.tokens();
    int n = streams * hidden;
    dProjected = Work.grow(dProjected, tokens * out);
    dRows = Work.grow(dRows, tokens * module.width());
    int sums = module.gated() ? n : 0;
    float[] total = new float[sums + out];
    work.sum(
        tokens,
        total.length,
        total,
        0,
        (from, to, partial, at, worker) -> {
          for (int t = from; t < to; t++) {
            addBackward(x, d, t, partial, at);
            if (bias != null) {
              work.kernels.addScaled(1, dProjected, t * out, partial, at + sums, out);
            }
          }
        });
    if (queryNorm != null && keyNorm != null) {
      work.training.addProduct(1, total, 0, keyNorm.value(), 0, queryNorm.gradient(), 0, n);
      work.training.addProduct(1, total, 0, queryNorm.value(), 0, keyNorm.gradient(), 0, n);
    }
    if (bias != null) {
      work.kernels.addScaled(1, total, sums, bias.gradient(), 0, out);
    }
    projection.backwardWeight(work, tokens, dProjected, rows);
    if (!table.frozen()) {
      projection.backwardInput(work, tokens, dProjected, dRows, false);
      addRows(tokens);
    }
  }

  private void addBackward(float[] x, float[] d, int t, float[] partial, int at) {
    int value = t * out + out - hidden;
    Arrays.fill(dProjected, value, value + hidden, 0);
    for (int s = 0; s < streams; s++) {
      int h = (t * streams + s) * hidden;
      float gate = module.gated() ? gates[t * streams + s] : 1;
      float dGate = module.gated() ? work.kernels.dot(d, h, projected, value, hidden) : 0;
      work.kernels.addScaled(gate, d, h, dProjected, value, hidden);
      if (module.gated()) {
        gateBackward(x, d, t, s, dGate, partial, at);
      }
    }
  }

  private void gateBackward(
      float[] x, float[] d, int t, int s, float dGate, float[] partial, int at) {
    int h = (t * streams + s) * hidden;
    int key = t * out + s * hidden;
    int p = s * hidden;
    float gate = gates[t * streams + s];
    float dot = dots[t * streams + s];
    double slope = Math.abs(dot) > GATE_FLOOR ? 0.5 / Math.sqrt(Math.abs(dot)) : 0;
    double dDot = dGate * gate * (1 - gate) * slope;
    double rh = inverse(x, h);
    double rk = inverse(projected, key);
    float dRaw = (float) (dDot * rh * rk / Math.sqrt(hidden));
    // The key's gradient first: the streams' is added to in place.
    work.training.multiply(product, p, x, h, dProjected, key, hidden);
    work.training.scale(dRaw, dProjected, key, hidden);
    float fromKey = (float) (-dDot * dot * rk * rk / hidden);
    work.kernels.addScaled(fromKey, projected, key, dProjected, key, hidden);
    work.training.addProduct(dRaw, x, h, projected, key, partial, at + p, hidden);
    work.training.addProduct(dRaw, product, p, projected, key, d, h, hidden);
    float fromStream = (float) (-dDot * dot * rh * rh / hidden);
    work.kernels.addScaled(fromStream, x, h, d, h, hidden);
  }

  /** Columns look up different rows, so each has a task of its own, tokens in their order. */
  private void addRows(int tokens) {
    int columns = module.columns();
    int n = module.rowWidth();
    for (int i = 0; i < tokens * columns; i++) {
      if (ids[i] != module.absentRow()) {
        table.touch(ids[i]);
      }
    }
    work.pool.run(
        columns,
        (c, worker) -> {
          for (int t = 0; t < tokens; t++) {
            int i = t * columns + c;
            if (ids[i] != module.absentRow()) {
              work.kernels.addScaled(1, dRows, i * n, table.gradient(), ids[i] * n, n);
            }
          }
        });
  }
}
