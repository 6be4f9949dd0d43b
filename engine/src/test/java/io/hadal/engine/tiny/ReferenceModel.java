package io.hadal.engine.tiny;

import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The forward pass of spec 2 to 5 in double precision over a whole sequence: no caches, no steps,
 * no kernels. Slow and simple, to be compared with mode exact.
 */
public final class ReferenceModel {

  /** What implementations get wrong (spec 10.2). */
  public enum Mistake {
    COMB_TRANSPOSED,
    SINKHORN_ONE_ROUND_SHORT,
    NO_YARN,
    ONE_THETA,
    HALF_SPLIT_ROPE,
    NO_INVERSE_ROPE,
    ENTRY_AT_INDEX,
    ENTRY_AT_GROUP_END,
    HALVES_SWAPPED,
    VISIBLE_ONE_LATE,
    WINDOW_ONE_SHORT,
    NO_SINK,
    NO_HEAD_NORM,
    NO_KV_NORM,
    BIAS_IN_WEIGHTS,
    SIGMOID_ROUTER,
    NO_CLAMP,
    CLAMP_AFTER_SILU,
    POST_WITHOUT_TWO,
    NO_INDEX_ROPE,
    HASH_EQUAL_WEIGHTS
  }

  private record Mix(double[] pre, double[] post, double[][] comb) {}

  private final TinyCheckpoint checkpoint;
  private final TinyConfig c;
  private final Set<Mistake> mistakes = EnumSet.noneOf(Mistake.class);
  private final int d;
  private final int n;

  public ReferenceModel(TinyCheckpoint checkpoint, Mistake... mistakes) {
    this.checkpoint = checkpoint;
    this.c = checkpoint.config();
    this.mistakes.addAll(Arrays.asList(mistakes));
    this.d = c.hidden;
    this.n = c.streams;
  }

  private boolean wrong(Mistake mistake) {
    return mistakes.contains(mistake);
  }

  /** Logits behind every token. */
  public double[][] logits(int[] tokens) {
    double[][] x = trunk(tokens);
    double[][] out = new double[tokens.length][];
    Arrays.setAll(out, t -> head("", x[t]));
    return out;
  }

  /** The drafter's logits behind every token, {@code next} following the last (spec 5.3). */
  public double[][] draftLogits(int[] tokens, int next) {
    double[][] x = trunk(tokens);
    int[] following = Arrays.copyOfRange(tokens, 1, tokens.length + 1);
    following[tokens.length - 1] = next;
    for (int t = 0; t < tokens.length; t++) {
      double[] e = norm(embed(following[t]), "mtp.0.enorm.weight");
      double[] fromToken = linear("mtp.0.e_proj.weight", e);
      for (int j = 0; j < n; j++) {
        double[] stream = norm(Arrays.copyOfRange(x[t], j * d, (j + 1) * d), "mtp.0.hnorm.weight");
        double[] joined = linear("mtp.0.h_proj.weight", stream);
        for (int i = 0; i < d; i++) {
          x[t][j * d + i] = fromToken[i] + joined[i];
        }
      }
    }
    layer("mtp.0.", 0, false, following, x);
    double[][] out = new double[tokens.length][];
    Arrays.setAll(out, t -> head("mtp.0.", x[t]));
    return out;
  }

  private double[][] trunk(int[] tokens) {
    double[][] x = new double[tokens.length][n * d];
    for (int t = 0; t < tokens.length; t++) {
      for (int j = 0; j < n; j++) {
        System.arraycopy(embed(tokens[t]), 0, x[t], j * d, d);
      }
    }
    for (int i = 0; i < c.ratios.length; i++) {
      layer("layers." + i + ".", c.ratios[i], i < c.hashLayers, tokens, x);
    }
    return x;
  }

  private double[] embed(int token) {
    float[] table = checkpoint.values("embed.weight");
    return IntStream.range(0, d).mapToDouble(i -> table[token * d + i]).toArray();
  }

  private double[] head(String p, double[] x) {
    double[] mix = mixes(p + "hc_head", x);
    double scale = checkpoint.values(p + "hc_head_scale")[0];
    float[] base = checkpoint.values(p + "hc_head_base");
    double[] y = new double[d];
    for (int j = 0; j < n; j++) {
      add(y, sigmoid(mix[j] * scale + base[j]) + c.eps, x, j * d);
    }
    return linear("head.weight", norm(y, p + "norm.weight"));
  }

  private void layer(String p, int ratio, boolean hashed, int[] tokens, double[][] x) {
    int length = x.length;
    double[][] in = new double[length][];
    Mix[] mix = new Mix[length];
    for (int t = 0; t < length; t++) {
      mix[t] = mix(p + "hc_attn", x[t]);
      in[t] = norm(collapse(mix[t], x[t]), p + "attn_norm.weight");
    }
    double[][] out = attention(p + "attn.", ratio, in);
    for (int t = 0; t < length; t++) {
      x[t] = expand(mix[t], out[t], x[t]);
      Mix site = mix(p + "hc_ffn", x[t]);
      double[] y = norm(collapse(site, x[t]), p + "ffn_norm.weight");
      x[t] = expand(site, experts(p + "ffn.", hashed, tokens[t], y), x[t]);
    }
  }

  // mHC, spec 2.2

  private double[] mixes(String p, double[] x) {
    double[] mix = linear(p + "_fn", x);
    double r = 1 / Math.sqrt(Arrays.stream(x).map(v -> v * v).sum() / x.length + c.eps);
    return Arrays.stream(mix).map(v -> v * r).toArray();
  }

  private Mix mix(String p, double[] x) {
    double[] m = mixes(p, x);
    float[] scale = checkpoint.values(p + "_scale");
    float[] base = checkpoint.values(p + "_base");
    double[] pre = new double[n];
    double[] post = new double[n];
    double[][] comb = new double[n][n];
    for (int j = 0; j < n; j++) {
      pre[j] = sigmoid(m[j] * scale[0] + base[j]) + c.eps;
      post[j] = sigmoid(m[n + j] * scale[1] + base[n + j]);
      post[j] *= wrong(Mistake.POST_WITHOUT_TWO) ? 1 : 2;
      for (int k = 0; k < n; k++) {
        int i = 2 * n + j * n + k;
        comb[j][k] = m[i] * scale[2] + base[i];
      }
      comb[j] = Arrays.stream(softmax(comb[j])).map(v -> v + c.eps).toArray();
    }
    int rounds = c.sinkhorn - (wrong(Mistake.SINKHORN_ONE_ROUND_SHORT) ? 1 : 0);
    for (int round = 0; round < rounds; round++) {
      for (int j = 0; j < n && round > 0; j++) {
        double sum = Arrays.stream(comb[j]).sum() + c.eps;
        comb[j] = Arrays.stream(comb[j]).map(v -> v / sum).toArray();
      }
      for (int k = 0; k < n; k++) {
        int column = k;
        double sum = Arrays.stream(comb).mapToDouble(row -> row[column]).sum() + c.eps;
        Arrays.stream(comb).forEach(row -> row[column] /= sum);
      }
    }
    return new Mix(pre, post, comb);
  }

  private double[] collapse(Mix mix, double[] x) {
    double[] y = new double[d];
    for (int j = 0; j < n; j++) {
      add(y, mix.pre[j], x, j * d);
    }
    return y;
  }

  private double[] expand(Mix mix, double[] y, double[] x) {
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

  // Attention, spec 3

  private double[][] attention(String p, int ratio, double[][] x) {
    int length = x.length;
    int dim = c.headDim;
    double[][] latent = new double[length][];
    double[][] rows = new double[length][];
    for (int t = 0; t < length; t++) {
      latent[t] = norm(linear(p + "wq_a.weight", x[t]), p + "q_norm.weight");
      rows[t] = linear(p + "wkv.weight", x[t]);
      if (!wrong(Mistake.NO_KV_NORM)) {
        rows[t] = norm(rows[t], p + "kv_norm.weight");
      }
      rotate(rows[t], 0, dim, t, ratio, 1);
    }
    double[][] entries = ratio == 0 ? new double[0][] : pool(p + "compressor.", ratio, x, dim);
    double[][] keys =
        ratio == 4 ? pool(p + "indexer.compressor.", ratio, x, c.indexDim) : new double[0][];
    double[][] out = new double[length][];
    float[] sink = checkpoint.values(p + "attn_sink");
    int window = c.window - (wrong(Mistake.WINDOW_ONE_SHORT) ? 1 : 0);
    for (int t = 0; t < length; t++) {
      int late = wrong(Mistake.VISIBLE_ONE_LATE) ? 0 : 1;
      int visible = ratio == 0 ? 0 : (t + late) / ratio;
      int[] far =
          ratio == 4 && visible > c.topK
              ? choose(p, x[t], latent[t], keys, visible, t)
              : IntStream.range(0, visible).toArray();
      int first = Math.max(0, t - window + 1);
      double[][] seen = new double[t - first + 1 + far.length][];
      for (int i = 0; i < seen.length; i++) {
        seen[i] = first + i <= t ? rows[first + i] : entries[far[first + i - t - 1]];
      }
      double[] q = linear(p + "wq_b.weight", latent[t]);
      double[] o = new double[c.heads * dim];
      for (int h = 0; h < c.heads; h++) {
        double[] head = Arrays.copyOfRange(q, h * dim, (h + 1) * dim);
        double r = 1 / Math.sqrt(dot(head, 0, head, dim) / dim + c.eps);
        if (!wrong(Mistake.NO_HEAD_NORM)) {
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
      out[t] = linear(p + "wo_b.weight", grouped(p + "wo_a.weight", o));
    }
    return out;
  }

  private double[] grouped(String name, double[] o) {
    float[] w = checkpoint.values(name);
    int width = o.length / c.groups;
    double[] u = new double[c.groups * c.outRank];
    for (int r = 0; r < u.length; r++) {
      for (int i = 0; i < width; i++) {
        u[r] += w[r * width + i] * o[r / c.outRank * width + i];
      }
    }
    return u;
  }

  /** Entries of a compressor, spec 4.2 and 4.3; the Hadamard transform cancels in mode exact. */
  private double[][] pool(String p, int ratio, double[][] x, int width) {
    int halves = ratio == 4 ? 2 : 1;
    float[] ape = checkpoint.values(p + "ape");
    double[][] out = new double[x.length / ratio][];
    for (int s = 0; s < out.length; s++) {
      int rows = (s == 0 ? 1 : halves) * ratio;
      int first = (s + 1) * ratio - rows;
      double[][] value = new double[rows][];
      double[][] gate = new double[rows][];
      for (int r = 0; r < rows; r++) {
        boolean current = halves == 1 || first + r >= s * ratio;
        boolean second = halves == 2 && current != wrong(Mistake.HALVES_SWAPPED);
        int from = second ? width : 0;
        double[] v = linear(p + "wkv.weight", x[first + r]);
        double[] g = linear(p + "wgate.weight", x[first + r]);
        value[r] = Arrays.copyOfRange(v, from, from + width);
        gate[r] = Arrays.copyOfRange(g, from, from + width);
        for (int i = 0; i < width; i++) {
          gate[r][i] += ape[(first + r) % ratio * g.length + from + i];
        }
      }
      double[] e = new double[width];
      for (int i = 0; i < width; i++) {
        int channel = i;
        double[] weights = softmax(Arrays.stream(gate).mapToDouble(g -> g[channel]).toArray());
        for (int r = 0; r < rows; r++) {
          e[i] += weights[r] * value[r][i];
        }
      }
      e = norm(e, p + "norm.weight");
      int position =
          wrong(Mistake.ENTRY_AT_INDEX)
              ? s
              : wrong(Mistake.ENTRY_AT_GROUP_END) ? s * ratio + ratio - 1 : s * ratio;
      if (!(p.contains("indexer") && wrong(Mistake.NO_INDEX_ROPE))) {
        rotate(e, 0, width, position, ratio, 1);
      }
      out[s] = e;
    }
    return out;
  }

  /** Spec 4.4. */
  private int[] choose(String p, double[] x, double[] latent, double[][] keys, int visible, int t) {
    double[] q = linear(p + "indexer.wq_b.weight", latent);
    double[] w = linear(p + "indexer.weights_proj.weight", x);
    double[] score = new double[visible];
    for (int h = 0; h < c.indexHeads; h++) {
      rotate(q, h * c.indexDim, c.indexDim, t, 4, 1);
      for (int s = 0; s < visible; s++) {
        score[s] += w[h] * Math.max(0, dot(q, h * c.indexDim, keys[s], c.indexDim));
      }
    }
    return IntStream.range(0, visible)
        .boxed()
        .sorted(
            Comparator.comparingDouble((Integer s) -> -score[s])
                .thenComparing(Comparator.reverseOrder()))
        .limit(c.topK)
        .mapToInt(s -> s)
        .toArray();
  }

  // Experts, spec 5

  private double[] experts(String p, boolean hashed, int token, double[] x) {
    double[] score =
        Arrays.stream(linear(p + "gate.weight", x))
            .map(v -> wrong(Mistake.SIGMOID_ROUTER) ? sigmoid(v) : Math.sqrt(softplus(v)))
            .toArray();
    double[] biased = score.clone();
    int[] ids;
    if (hashed) {
      float[] table = checkpoint.values(p + "gate.tid2eid");
      ids = IntStream.range(0, c.active).map(i -> (int) table[token * c.active + i]).toArray();
    } else {
      float[] bias = checkpoint.values(p + "gate.bias");
      Arrays.setAll(biased, e -> score[e] + bias[e]);
      ids =
          IntStream.range(0, c.experts)
              .boxed()
              .sorted(Comparator.comparingDouble((Integer e) -> -biased[e]))
              .limit(c.active)
              .mapToInt(e -> e)
              .toArray();
    }
    double[] used = wrong(Mistake.BIAS_IN_WEIGHTS) ? biased : score;
    double sum = Arrays.stream(ids).mapToDouble(e -> used[e]).sum();
    double[] out = new double[d];
    for (int e : ids) {
      double weight = used[e] / sum;
      if (hashed && wrong(Mistake.HASH_EQUAL_WEIGHTS)) {
        weight = 1.0 / ids.length;
      }
      add(out, weight * c.routedScale, expert(p + "experts." + e + ".", x), 0);
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

  // Pieces

  private double[] linear(String name, double[] x) {
    float[] w = checkpoint.values(name);
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

  private double[] norm(double[] x, String weight) {
    float[] w = checkpoint.values(weight);
    double r = 1 / Math.sqrt(dot(x, 0, x, x.length) / x.length + c.eps);
    return IntStream.range(0, x.length).mapToDouble(i -> x[i] * r * w[i]).toArray();
  }

  /** Rotates the last values of a vector by the f32 angle of spec 3.1. */
  private void rotate(double[] v, int at, int width, int position, int ratio, int sign) {
    boolean yarn = ratio > 0 && !wrong(Mistake.NO_YARN);
    double base = ratio > 0 && !wrong(Mistake.ONE_THETA) ? c.compressedTheta : c.theta;
    int half = c.ropeDim / 2;
    double low = Math.max(Math.floor(correction(32, base)), 0);
    double high = Math.min(Math.ceil(correction(1, base)), c.ropeDim - 1);
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

  private static double dot(double[] a, int at, double[] b, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += a[at + i] * b[i];
    }
    return sum;
  }

  private static void add(double[] to, double factor, double[] x, int at) {
    for (int i = 0; i < to.length; i++) {
      to[i] += factor * x[at + i];
    }
  }

  private static double sigmoid(double v) {
    return 1 / (1 + Math.exp(-v));
  }

  private static double softplus(double v) {
    return v > 20 ? v : Math.log1p(Math.exp(v));
  }

  private static double[] softmax(double[] v) {
    double max = Arrays.stream(v).max().orElse(0);
    double[] e = Arrays.stream(v).map(s -> Math.exp(s - max)).toArray();
    double sum = Arrays.stream(e).sum();
    return Arrays.stream(e).map(s -> s / sum).toArray();
  }
}
