package io.hadal.engine.tiny;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The forward pass of spec 2 to 5 in double precision over a whole sequence: no caches, no steps,
 * no kernels. Slow and simple, to be compared with mode exact.
 */
public final class ReferenceModel extends ReferenceArithmetic {

  public ReferenceModel(TinyCheckpoint checkpoint, Mistake... mistakes) {
    super(checkpoint.config(), checkpoint::values, mistakes);
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

  private double[] head(String p, double[] x) {
    double[] mix = mixes(p + "hc_head", x);
    double scale = weights.apply(p + "hc_head_scale")[0];
    float[] base = weights.apply(p + "hc_head_base");
    double[] y = new double[d];
    for (int j = 0; j < n; j++) {
      add(y, sigmoid(mix[j] * scale + base[j]) + c.hyperEps, x, j * d);
    }
    return linear("head.weight", norm(y, p + "norm.weight"));
  }

  private void layer(String p, int ratio, boolean hashed, int[] tokens, double[][] x) {
    int length = x.length;
    double[][] in = new double[length][];
    Mix[] mix = new Mix[length];
    for (int t = 0; t < length; t++) {
      mix[t] = mix(p + "hc_attn", x[t]);
      in[t] = norm(collapse(mix[t].pre(), x[t]), p + "attn_norm.weight");
    }
    double[][] out = attention(p + "attn.", ratio, in);
    for (int t = 0; t < length; t++) {
      x[t] = expand(mix[t], out[t], x[t]);
      Mix site = mix(p + "hc_ffn", x[t]);
      double[] y = norm(collapse(site.pre(), x[t]), p + "ffn_norm.weight");
      x[t] = expand(site, experts(p + "ffn.", hashed, tokens[t], y), x[t]);
    }
  }

  // Attention, spec 3

  private double[][] attention(String p, int ratio, double[][] x) {
    int length = x.length;
    double[][] latent = new double[length][];
    double[][] rows = new double[length][];
    for (int t = 0; t < length; t++) {
      latent[t] = norm(linear(p + "wq_a.weight", x[t]), p + "q_norm.weight");
      rows[t] = windowRow(p, x[t], t, ratio);
    }
    double[][] entries =
        ratio == 0 ? new double[0][] : pool(p + "compressor.", ratio, x, c.headDim);
    double[][] keys =
        ratio == 4 ? pool(p + "indexer.compressor.", ratio, x, c.indexDim) : new double[0][];
    double[][] out = new double[length][];
    for (int t = 0; t < length; t++) {
      int visible = visible(t, ratio);
      int[] far =
          ratio == 4 && visible > c.topK
              ? choose(p, x[t], latent[t], keys, visible, t)
              : IntStream.range(0, visible).toArray();
      int first = windowStart(t);
      double[][] seen = new double[t - first + 1 + far.length][];
      for (int i = 0; i < seen.length; i++) {
        seen[i] = first + i <= t ? rows[first + i] : entries[far[first + i - t - 1]];
      }
      out[t] = attend(p, latent[t], seen, t, ratio, !wrong(Mistake.NO_HEAD_NORM));
    }
    return out;
  }

  /** Entries of a compressor, spec 4.2 and 4.3; the Hadamard transform cancels in mode exact. */
  private double[][] pool(String p, int ratio, double[][] x, int width) {
    int halves = ratio == 4 ? 2 : 1;
    float[] ape = weights.apply(p + "ape");
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
      double[] e = norm(pool(value, gate), p + "norm.weight");
      if (!(p.contains("indexer") && wrong(Mistake.NO_INDEX_ROPE))) {
        rotate(e, 0, width, entryPosition(s, ratio), ratio, 1);
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
    return best(score, c.topK);
  }

  // Experts, spec 5

  private double[] experts(String p, boolean hashed, int token, double[] x) {
    if (!hashed) {
      return experts(p, c.active, true, x);
    }
    double[] score = scores(p, x);
    float[] table = weights.apply(p + "gate.tid2eid");
    int[] ids = IntStream.range(0, c.active).map(i -> (int) table[token * c.active + i]).toArray();
    double sum = Arrays.stream(ids).mapToDouble(e -> score[e]).sum();
    boolean equal = wrong(Mistake.HASH_EQUAL_WEIGHTS);
    return mixture(p, ids, e -> equal ? 1.0 / ids.length : score[e] / sum, x);
  }
}
