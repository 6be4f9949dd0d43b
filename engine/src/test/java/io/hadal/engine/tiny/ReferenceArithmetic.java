package io.hadal.engine.tiny;

import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What the forward passes of V4 and V4.1 have in common, in double precision: slow and simple, no
 * kernels.
 */
abstract class ReferenceArithmetic {
  final TinyConfig c;

  /** Parameters by released name. */
  final Function<String, float[]> weights;

  final int d;
  final int n;
  private final Set<Mistake> mistakes = EnumSet.noneOf(Mistake.class);

  record Mix(double[] pre, double[] post, double[][] comb) {}

  ReferenceArithmetic(TinyConfig c, Function<String, float[]> weights, Mistake... mistakes) {
    this.c = c;
    this.weights = weights;
    this.d = c.hidden;
    this.n = c.streams;
    this.mistakes.addAll(Arrays.asList(mistakes));
  }

  boolean wrong(Mistake mistake) {
    return mistakes.contains(mistake);
  }

  // mHC, V4 spec 2.2

  double[] mixes(String p, double[] x) {
    double[] mix = linear(p + "_fn", x);
    double r = 1 / Math.sqrt(Arrays.stream(x).map(v -> v * v).sum() / x.length + c.eps);
    return Arrays.stream(mix).map(v -> v * r).toArray();
  }

  Mix mix(String p, double[] x) {
    double[] m = mixes(p, x);
    float[] scale = weights.apply(p + "_scale");
    float[] base = weights.apply(p + "_base");
    double[] pre = new double[n];
    double[] post = new double[n];
    double[][] comb = new double[n][n];
    for (int j = 0; j < n; j++) {
      pre[j] = sigmoid(m[j] * scale[0] + base[j]) + c.hyperEps;
      post[j] = sigmoid(m[n + j] * scale[1] + base[n + j]);
      post[j] *= wrong(Mistake.POST_WITHOUT_TWO) ? 1 : 2;
      for (int k = 0; k < n; k++) {
        int i = 2 * n + j * n + k;
        comb[j][k] = m[i] * scale[2] + base[i];
      }
      comb[j] = Arrays.stream(softmax(comb[j])).map(v -> v + c.hyperEps).toArray();
    }
    int rounds = c.sinkhorn - (wrong(Mistake.SINKHORN_ONE_ROUND_SHORT) ? 1 : 0);
    rounds = wrong(Mistake.SINKHORN_ONE_ROUND) ? 1 : rounds;
    for (int round = 0; round < rounds; round++) {
      for (int j = 0; j < n && round > 0; j++) {
        double sum = Arrays.stream(comb[j]).sum() + c.hyperEps;
        comb[j] = Arrays.stream(comb[j]).map(v -> v / sum).toArray();
      }
      for (int k = 0; k < n; k++) {
        int column = k;
        double sum = Arrays.stream(comb).mapToDouble(row -> row[column]).sum() + c.hyperEps;
        Arrays.stream(comb).forEach(row -> row[column] /= sum);
      }
    }
    return new Mix(pre, post, comb);
  }

  double[] collapse(double[] gates, double[] x) {
    double[] y = new double[d];
    for (int j = 0; j < n; j++) {
      add(y, gates[j], x, j * d);
    }
    return y;
  }

  double[] expand(Mix mix, double[] y, double[] x) {
    double[] out = new double[n * d];
    for (int k = 0; k < n; k++) {
      for (int i = 0; i < d; i++) {
        double v = mix.post[k] * y[i];
        for (int j = 0; j < n; j++) {
          v += (wrong(Mistake.COMB_TRANSPOSED) ? mix.comb[k][j] : mix.comb[j][k]) * x[j * d + i];
        }
        out[k * d + i] = v;
      }
    }
    return out;
  }

  // Attention, V4 spec 3

  /**
   * One query against the rows it sees: heads, sink, inverse rotation, grouped output.
   *
   * @param latent normalised query latent
   * @param seen window rows and entries, all rotated
   */
  double[] attend(String p, double[] latent, double[][] seen, int t, int ratio, boolean headNorm) {
    int dim = c.headDim;
    float[] sink = weights.apply(p + "attn_sink");
    double[] q = linear(p + "wq_b.weight", latent);
    double[] o = new double[c.heads * dim];
    for (int h = 0; h < c.heads; h++) {
      double[] head = Arrays.copyOfRange(q, h * dim, (h + 1) * dim);
      if (headNorm) {
        double r = 1 / Math.sqrt(dot(head, 0, head, dim) / dim + c.eps);
        head = Arrays.stream(head).map(v -> v * r).toArray();
      }
      rotate(head, 0, dim, t, ratio, 1);
      double[] p1 = new double[seen.length + 1];
      for (int i = 0; i < seen.length; i++) {
        p1[i] = dot(head, 0, seen[i], dim) / Math.sqrt(dim);
      }
      p1[seen.length] = wrong(Mistake.NO_SINK) ? Double.NEGATIVE_INFINITY : sink[h];
      p1 = softmax(p1);
      for (int i = 0; i < seen.length; i++) {
        for (int e = 0; e < dim; e++) {
          o[h * dim + e] += p1[i] * seen[i][e];
        }
      }
      if (!wrong(Mistake.NO_INVERSE_ROPE)) {
        rotate(o, h * dim, dim, t, ratio, -1);
      }
    }
    return linear(p + "wo_b.weight", grouped(p + "wo_a.weight", o));
  }

  /** The key-value row of a token for its window. */
  double[] windowRow(String p, double[] x, int t, int ratio) {
    double[] row = linear(p + "wkv.weight", x);
    if (!wrong(Mistake.NO_KV_NORM)) {
      row = norm(row, p + "kv_norm.weight");
    }
    rotate(row, 0, c.headDim, t, ratio, 1);
    return row;
  }

  private double[] grouped(String name, double[] o) {
    float[] w = weights.apply(name);
    int width = o.length / c.groups;
    double[] u = new double[c.groups * c.outRank];
    for (int r = 0; r < u.length; r++) {
      for (int i = 0; i < width; i++) {
        u[r] += w[r * width + i] * o[r / c.outRank * width + i];
      }
    }
    return u;
  }

  /** Softmax over the rows of a group, channel by channel. */
  static double[] pool(double[][] value, double[][] gate) {
    double[] e = new double[value[0].length];
    for (int i = 0; i < e.length; i++) {
      int channel = i;
      double[] share = softmax(Arrays.stream(gate).mapToDouble(g -> g[channel]).toArray());
      for (int r = 0; r < value.length; r++) {
        e[i] += share[r] * value[r][i];
      }
    }
    return e;
  }

  /** Position that an entry is rotated by. */
  int entryPosition(int entry, int ratio) {
    if (wrong(Mistake.ENTRY_AT_INDEX)) {
      return entry;
    }
    return wrong(Mistake.ENTRY_AT_GROUP_END) ? entry * ratio + ratio - 1 : entry * ratio;
  }

  /** Entries that a query sees. */
  int visible(int t, int ratio) {
    return ratio == 0 ? 0 : (t + (wrong(Mistake.VISIBLE_ONE_LATE) ? 0 : 1)) / ratio;
  }

  /** First position in the window of a query. */
  int windowStart(int t) {
    return Math.max(0, t - c.window + (wrong(Mistake.WINDOW_ONE_SHORT) ? 2 : 1));
  }

  /** Positions of the largest values. */
  static int[] best(double[] score, int count) {
    return IntStream.range(0, score.length)
        .boxed()
        .sorted(
            Comparator.comparingDouble((Integer s) -> -score[s])
                .thenComparing(Comparator.reverseOrder()))
        .limit(count)
        .mapToInt(s -> s)
        .toArray();
  }

  // Experts, V4 spec 5

  /**
   * Experts of a learned router.
   *
   * @param normalized true when the weights of the chosen add up to one
   */
  double[] experts(String p, int active, boolean normalized, double[] x) {
    double[] score = scores(p, x);
    double[] biased = score.clone();
    float[] bias = weights.apply(p + "gate.bias");
    Arrays.setAll(biased, e -> score[e] + bias[e]);
    double[] used = wrong(Mistake.BIAS_IN_WEIGHTS) ? biased : score;
    int[] ids = best(biased, active);
    double divisor = normalized ? Arrays.stream(ids).mapToDouble(e -> used[e]).sum() : 1;
    return mixture(p, ids, e -> used[e] / divisor, x);
  }

  double[] scores(String p, double[] x) {
    return Arrays.stream(linear(p + "gate.weight", x))
        .map(v -> wrong(Mistake.SIGMOID_ROUTER) ? sigmoid(v) : Math.sqrt(softplus(v)))
        .toArray();
  }

  double[] mixture(String p, int[] ids, IntToDoubleFunction weight, double[] x) {
    double[] out = new double[d];
    for (int e : ids) {
      add(out, weight.applyAsDouble(e) * c.routedScale, expert(p + "experts." + e + ".", x), 0);
    }
    if (c.shared > 0) {
      add(out, 1, expert(p + "shared_experts.", x), 0);
    }
    return out;
  }

  private double[] expert(String p, double[] x) {
    double[] g = linear(p + "w1.weight", x);
    double[] u = linear(p + "w3.weight", x);
    for (int i = 0; i < g.length; i++) {
      boolean before = !wrong(Mistake.NO_CLAMP) && !wrong(Mistake.CLAMP_AFTER_SILU);
      double gate = before ? Math.min(g[i], c.limit) : g[i];
      double act = gate * sigmoid(gate);
      act = wrong(Mistake.CLAMP_AFTER_SILU) ? Math.min(act, c.limit) : act;
      double up = wrong(Mistake.NO_CLAMP) ? u[i] : Math.clamp(u[i], -c.limit, c.limit);
      g[i] = act * up;
    }
    return linear(p + "w2.weight", g);
  }

  double[] embed(int token) {
    float[] table = weights.apply("embed.weight");
    return IntStream.range(0, d).mapToDouble(i -> table[token * d + i]).toArray();
  }

  // Pieces

  double[] linear(String name, double[] x) {
    float[] w = weights.apply(name);
    double[] y = new double[w.length / x.length];
    for (int r = 0; r < y.length; r++) {
      double sum = 0;
      for (int i = 0; i < x.length; i++) {
        sum += w[r * x.length + i] * x[i];
      }
      y[r] = sum;
    }
    return y;
  }

  double[] norm(double[] x, String weight) {
    float[] w = weights.apply(weight);
    double r = 1 / Math.sqrt(dot(x, 0, x, x.length) / x.length + c.eps);
    return IntStream.range(0, x.length).mapToDouble(i -> x[i] * r * w[i]).toArray();
  }

  /** Rotates the last values of a vector by the f32 angle of spec 3.1. */
  void rotate(double[] v, int at, int width, int position, int ratio, int sign) {
    boolean compressed = ratio > 0 || wrong(Mistake.YARN_ON_WINDOW_LAYERS);
    boolean yarn = compressed && c.yarnFactor > 0 && !wrong(Mistake.NO_YARN);
    double base = compressed && !wrong(Mistake.ONE_THETA) ? c.compressedTheta : c.theta;
    int half = c.ropeDim / 2;
    double low = Math.max(Math.floor(correction(c.betaFast, base)), 0);
    double high = Math.min(Math.ceil(correction(c.betaSlow, base)), c.ropeDim - 1);
    for (int i = 0; i < half; i++) {
      double f = 1 / Math.pow(base, 2.0 * i / c.ropeDim);
      if (yarn) {
        double ramp = Math.clamp((i - low) / (high == low ? 0.001 : high - low), 0, 1);
        f = f / c.yarnFactor * ramp + f * (1 - ramp);
      }
      double angle = sign * ((float) position * (float) f);
      boolean split = wrong(Mistake.HALF_SPLIT_ROPE);
      int a = at + width - c.ropeDim + (split ? i : 2 * i);
      int b = split ? a + half : a + 1;
      double re = v[a] * Math.cos(angle) - v[b] * Math.sin(angle);
      v[b] = v[a] * Math.sin(angle) + v[b] * Math.cos(angle);
      v[a] = re;
    }
  }

  private double correction(double turns, double base) {
    return c.ropeDim * Math.log(c.yarnOriginal / (turns * 2 * Math.PI)) / (2 * Math.log(base));
  }

  static double dot(double[] a, int at, double[] b, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += a[at + i] * b[i];
    }
    return sum;
  }

  static void add(double[] to, double factor, double[] x, int at) {
    for (int i = 0; i < to.length; i++) {
      to[i] += factor * x[at + i];
    }
  }

  static double sigmoid(double v) {
    return 1 / (1 + Math.exp(-v));
  }

  static double softplus(double v) {
    return v > 20 ? v : Math.log1p(Math.exp(v));
  }

  static double[] softmax(double[] v) {
    double max = Arrays.stream(v).max().orElse(0);
    double[] e = Arrays.stream(v).map(s -> Math.exp(s - max)).toArray();
    double sum = Arrays.stream(e).sum();
    return Arrays.stream(e).map(s -> s / sum).toArray();
  }
}
