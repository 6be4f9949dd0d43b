package io.hadal.engine.tiny;

import io.hadal.kernels.BlockQuantizer;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The forward pass of V4.1 spec 4 and 5 and engram spec 3.1 in double precision over a whole
 * sequence, to be compared with mode exact; with the rounding of cached values, with mode kvq.
 */
public final class ReferenceV41 extends ReferenceArithmetic {

  /**
   * A proposal behind an anchor token.
   *
   * @param base logits before the Markov term, {@code [block][vocab]}
   * @param logits after it
   * @param confidence before any sigmoid
   */
  public record Proposal(int[] tokens, double[][] base, double[][] logits, double[] confidence) {}

  /** What the layers walked through so far have published. */
  private static final class Shared {
    int ratio;
    double[][] entries = {};
    double[][] keys = {};
    // Stream that the candidates were chosen from.
    double[][] candidateEntries = {};
    int[][] chosen = {};
    boolean[][] candidates = {};
  }

  private record Trunk(double[][] streams, double[][] gates, double[][] means) {}

  private interface Attend {
    double[][] apply(String p, double[][] x);
  }

  private final V41Config c;
  private final EngramReference memory;
  private final boolean roundsCaches;

  /**
   * @param canonical canonical id of every token id
   * @param roundsCaches true to round cached values as the release does (V4.1 spec 6)
   */
  public ReferenceV41(
      V41Config c,
      int[] canonical,
      Function<String, float[]> weights,
      boolean roundsCaches,
      Mistake... mistakes) {
    super(c, weights, mistakes);
    this.c = c;
    this.memory = new EngramReference(c, canonical);
    this.roundsCaches = roundsCaches;
  }

  static ReferenceV41 of(TinyCheckpoint checkpoint, Mistake... mistakes) {
    return of(checkpoint, false, mistakes);
  }

  /** With rounded cached values. */
  static ReferenceV41 rounding(TinyCheckpoint checkpoint, Mistake... mistakes) {
    return of(checkpoint, true, mistakes);
  }

  private static ReferenceV41 of(TinyCheckpoint checkpoint, boolean rounds, Mistake... mistakes) {
    V41Config c = (V41Config) checkpoint.config();
    return new ReferenceV41(
        c, TinyTokenizer.canonical(c.vocab), checkpoint::values, rounds, mistakes);
  }

  /** Logits behind every token. */
  public double[][] logits(int[] tokens) {
    Trunk trunk = trunk(tokens);
    double[][] out = new double[tokens.length][];
    Arrays.setAll(out, t -> head(trunk.gates[t], trunk.streams[t]));
    return out;
  }

  private double[] head(double[] gates, double[] x) {
    double[] used = wrong(Mistake.HEAD_TAKES_FIRST_STREAM) ? firstGates() : gates;
    return linear("head.weight", norm(collapse(used, x), "norm.weight"));
  }

  private double[] firstGates() {
    double[] gates = new double[n];
    gates[0] = 1;
    if (wrong(Mistake.FIRST_PRE_UNIFORM)) {
      Arrays.fill(gates, 1.0 / n);
    }
    return gates;
  }

  private Trunk trunk(int[] tokens) {
    double[][] x = start(tokens);
    double[][] gates = new double[tokens.length][];
    Arrays.setAll(gates, t -> firstGates());
    double[][] means = new double[tokens.length][c.draftTargets.length * d];
    Shared shared = new Shared();
    int target = 0;
    for (int i = 0; i < c.ratios.length; i++) {
      int layer = i;
      boolean late = wrong(Mistake.ENGRAM_AFTER_THE_LAYER);
      if (!late) {
        engram(i, tokens, x);
      }
      if (V41Config.contains(c.draftTargets, i)) {
        for (int t = 0; t < tokens.length; t++) {
          for (int j = 0; j < n * d; j++) {
            means[t][target * d + j % d] += x[t][j] / n;
          }
        }
        target++;
      }
      block("layers." + i + ".", c.active, x, gates, (p, in) -> attention(layer, p, in, shared));
      if (late) {
        engram(i, tokens, x);
      }
    }
    return new Trunk(x, gates, means);
  }

  private double[][] start(int[] tokens) {
    double[][] x = new double[tokens.length][n * d];
    for (int t = 0; t < tokens.length; t++) {
      for (int j = 0; j < n; j++) {
        System.arraycopy(embed(tokens[t]), 0, x[t], j * d, d);
      }
    }
    return x;
  }

  /** Both sublayers, spec 4.1 steps 3 to 5. */
  private void block(String p, int active, double[][] x, double[][] gates, Attend attend) {
    boolean same = wrong(Mistake.PRE_OF_THE_SAME_SITE);
    double[][] in = new double[x.length][];
    Mix[] attn = new Mix[x.length];
    for (int t = 0; t < x.length; t++) {
      attn[t] = mix(p + "hc_attn", x[t]);
      in[t] = norm(collapse(same ? attn[t].pre() : gates[t], x[t]), p + "attn_norm.weight");
    }
    double[][] out = attend.apply(p + "attn.", in);
    for (int t = 0; t < x.length; t++) {
      x[t] = expand(attn[t], out[t], x[t]);
      Mix ffn = mix(p + "hc_ffn", x[t]);
      double[] y = norm(collapse(same ? ffn.pre() : attn[t].pre(), x[t]), p + "ffn_norm.weight");
      x[t] = expand(ffn, experts(p + "ffn.", active, active > 1, y), x[t]);
      gates[t] = ffn.pre();
    }
  }

  // Attention, spec 4.2

  private double[][] attention(int layer, String p, double[][] x, Shared shared) {
    int ratio = c.ratios[layer];
    double[][] latent = new double[x.length][];
    double[][] rows = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      latent[t] = norm(linear(p + "wq_a.weight", x[t]), p + "q_norm.weight");
      rows[t] = cachedRow(p, x[t], t, ratio);
    }
    boolean first = shared.entries.length == 0;
    if (c.isSource(layer) && (first || !wrong(Mistake.STREAM_OF_FIRST_SOURCE))) {
      compress(p, ratio, x, shared);
    }
    if (c.isIndexSource(layer)) {
      choose(layer, p, x, latent, shared);
    }
    double[][] out = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      int from = windowStart(t);
      int[] far = ratio == 0 ? new int[0] : shared.chosen[t];
      if (wrong(Mistake.CHOICE_NOT_REPEATED) && !c.isIndexSource(layer)) {
        far = new int[0];
      }
      double[][] seen = new double[t - from + 1 + far.length][];
      for (int i = 0; i < seen.length; i++) {
        seen[i] = from + i <= t ? rows[from + i] : shared.entries[far[from + i - t - 1]];
      }
      out[t] = attend(p, latent[t], seen, t, ratio, wrong(Mistake.HEAD_NORM));
    }
    return out;
  }

  private double[] cachedRow(String p, double[] x, int t, int ratio) {
    double[] row = windowRow(p, x, t, ratio);
    return rounded(row, (v, length) -> BlockQuantizer.roundFp8(v, 0, length, 32));
  }

  private interface Rounding {
    void apply(float[] v, int length);
  }

  private double[] rounded(double[] v, Rounding rounding) {
    if (!roundsCaches) {
      return v;
    }
    float[] f = new float[v.length];
    for (int i = 0; i < f.length; i++) {
      f[i] = (float) v[i];
    }
    rounding.apply(f, f.length);
    return IntStream.range(0, f.length).mapToDouble(i -> f[i]).toArray();
  }

  /** Entries and index keys of a source. */
  private void compress(String p, int ratio, double[][] x, Shared shared) {
    shared.ratio = ratio;
    shared.entries = new double[x.length / ratio][];
    shared.keys = new double[x.length / ratio][];
    for (int s = 0; s < shared.entries.length; s++) {
      double[][] value = new double[ratio][];
      double[][] gate = new double[ratio][c.headDim];
      for (int r = 0; r < ratio; r++) {
        value[r] = linear(p + "compressor.wkv.weight", x[s * ratio + r]);
        if (ratio > 1 && !wrong(Mistake.POOLED_BY_MEAN)) {
          gate[r] = linear(p + "compressor.wgate.weight", x[s * ratio + r]);
        }
      }
      double[] latent = norm(pool(value, gate), p + "compressor.norm.weight");
      int position = entryPosition(s, ratio);
      double[] entry = latent.clone();
      rotate(entry, 0, c.headDim, position, ratio, 1);
      double[] of = wrong(Mistake.INDEX_KEYS_OF_ROTATED_LATENT) ? entry : latent;
      double[] key = norm(linear(p + "indexer.wk.weight", of), p + "indexer.k_norm.weight");
      if (!wrong(Mistake.NO_INDEX_ROPE)) {
        rotate(key, 0, c.indexDim, position, ratio, 1);
      }
      if (wrong(Mistake.HADAMARD_ON_INDEX_KEYS) || wrong(Mistake.HADAMARD_ON_INDEX)) {
        hadamard(key, 0);
      }
      shared.keys[s] = roundedIndex(key);
      shared.entries[s] =
          rounded(entry, (v, length) -> BlockQuantizer.roundFp4E4M3(v, 0, length, 16));
    }
  }

  private double[] roundedIndex(double[] v) {
    return rounded(v, (f, length) -> BlockQuantizer.roundFp4(f, 0, length, 32));
  }

  private void hadamard(double[] v, int at) {
    double[] out = new double[c.indexDim];
    for (int i = 0; i < out.length; i++) {
      for (int j = 0; j < out.length; j++) {
        out[i] += (Integer.bitCount(i & j) % 2 == 0 ? 1 : -1) * v[at + j];
      }
      out[i] /= Math.sqrt(out.length);
    }
    System.arraycopy(out, 0, v, at, out.length);
  }

  /** Entries of every query, ascending. */
  private void choose(int layer, String p, double[][] x, double[][] latent, Shared shared) {
    boolean source = layer == c.candidateSource;
    // Masks of another stream's entries say nothing about these.
    boolean masked = !source && shared.candidateEntries == shared.entries;
    masked &= !wrong(Mistake.CANDIDATES_IGNORED) && shared.candidates.length > 0;
    shared.chosen = new int[x.length][];
    if (source) {
      shared.candidates = new boolean[x.length][];
      shared.candidateEntries = shared.entries;
    }
    for (int t = 0; t < x.length; t++) {
      int visible = visible(t, shared.ratio);
      double[] score = scores(p, x[t], latent[t], shared.keys, visible, t);
      if (source) {
        shared.candidates[t] = candidates(score);
      }
      boolean[] mask =
          masked || (source && wrong(Mistake.CANDIDATES_FOR_THE_SOURCE))
              ? shared.candidates[t]
              : new boolean[0];
      int finite = visible;
      for (int s = 0; s < mask.length; s++) {
        if (!mask[s]) {
          score[s] = Double.NEGATIVE_INFINITY;
          finite--;
        }
      }
      int topK = c.topK + (wrong(Mistake.TOP_K_ONE_MORE) ? 1 : 0);
      // While few entries are visible, all are attended to, candidates or not.
      int count = visible <= topK ? visible : Math.min(topK, finite);
      shared.chosen[t] = best(score, count);
      Arrays.sort(shared.chosen[t]);
    }
  }

  private double[] scores(
      String p, double[] x, double[] latent, double[][] keys, int visible, int t) {
    double[] q = linear(p + "indexer.wq_b.weight", latent);
    double[] w = linear(p + "indexer.weights_proj.weight", x);
    double[] score = new double[visible];
    for (int h = 0; h < c.indexHeads; h++) {
      double[] one = Arrays.copyOfRange(q, h * c.indexDim, (h + 1) * c.indexDim);
      rotate(one, 0, c.indexDim, t, 1, 1);
      if (wrong(Mistake.HADAMARD_ON_INDEX)) {
        hadamard(one, 0);
      }
      one = roundedIndex(one);
      for (int s = 0; s < visible; s++) {
        double v = dot(one, 0, keys[s], c.indexDim);
        score[s] +=
            w[h]
                / Math.sqrt(c.indexDim)
                / Math.sqrt(c.indexHeads)
                * (wrong(Mistake.NO_INDEX_RELU) ? v : Math.max(0, v));
      }
    }
    return score;
  }

  /** The best blocks by their best entry; the newest is always among them. */
  private boolean[] candidates(double[] score) {
    int size = c.candidateSize;
    double[] blocks = new double[(score.length + size - 1) / size];
    Arrays.fill(blocks, Double.NEGATIVE_INFINITY);
    for (int s = 0; s < score.length; s++) {
      blocks[s / size] = Math.max(blocks[s / size], score[s]);
    }
    if (blocks.length > 0 && !wrong(Mistake.NEWEST_BLOCK_LIKE_ANY)) {
      blocks[blocks.length - 1] = Double.POSITIVE_INFINITY;
    }
    boolean[] mask = new boolean[score.length];
    for (int b : best(blocks, c.candidateBlocks)) {
      Arrays.fill(mask, b * size, Math.min(score.length, (b + 1) * size), true);
    }
    return mask;
  }

  // Engram, engram spec 3.1

  private void engram(int layer, int[] tokens, double[][] x) {
    int place = Arrays.stream(c.engramLayers).boxed().toList().indexOf(layer);
    if (place < 0 || wrong(Mistake.NO_ENGRAM)) {
      return;
    }
    String p = "layers." + layer + ".engram.";
    float[] table = weights.apply(p + "embed.weight");
    float[] qw = weights.apply(p + "q_weight");
    float[] kw = weights.apply(p + "k_weight");
    int width = c.engramDim;
    for (int t = 0; t < tokens.length; t++) {
      long[] rows = memory.rows(place, tokens, t, this);
      double[] e = new double[rows.length * width];
      for (int i = 0; i < e.length; i++) {
        e[i] = table[(int) rows[i / width] * width + i % width];
      }
      double[] kv = linear(p + "wkv.weight", e);
      for (int b = 0; b < n; b++) {
        double product = 0;
        for (int i = b * d; i < (b + 1) * d; i++) {
          product += x[t][i] * qw[i] * kw[i] * kv[i];
        }
        int from = wrong(Mistake.ENGRAM_JOINT_NORM) ? 0 : b * d;
        int to = wrong(Mistake.ENGRAM_JOINT_NORM) ? n * d : (b + 1) * d;
        double dot = product / Math.sqrt(d) / rms(x[t], from, to) / rms(kv, from, to);
        double root = Math.copySign(Math.sqrt(Math.max(Math.abs(dot), 1e-6)), dot);
        double gate = sigmoid(wrong(Mistake.ENGRAM_PLAIN_SIGMOID) ? dot : root);
        for (int i = 0; i < d; i++) {
          x[t][b * d + i] += gate * kv[n * d + i];
        }
      }
    }
  }

  private double rms(double[] v, int from, int to) {
    double squares = Arrays.stream(v, from, to).map(a -> a * a).sum();
    return Math.sqrt(squares / (to - from) + c.eps);
  }

  // DSpark, spec 5

  /** What the drafter proposes behind {@code anchor}, the token after the last. */
  public Proposal propose(int[] tokens, int anchor) {
    return propose(trunk(tokens).means, anchor);
  }

  private Proposal propose(double[][] means, int anchor) {
    int committed = means.length;
    double[][] main = new double[committed][];
    int from = Math.max(0, committed - c.window);
    for (int t = from; t < committed; t++) {
      main[t] = norm(linear("mtp.0.main_proj.weight", means[t]), "mtp.0.main_norm.weight");
    }
    int[] ids = new int[c.draftBlock];
    Arrays.fill(ids, c.draftNoise);
    ids[0] = anchor;
    double[][] x = start(ids);
    double[][] gates = new double[ids.length][];
    Arrays.setAll(gates, i -> firstGates());
    for (int stage = 0; stage < c.drafters; stage++) {
      block(
          "mtp." + stage + ".",
          c.draftActive,
          x,
          gates,
          (p, in) -> draftAttention(p, main, from, in));
    }
    String last = "mtp." + (c.drafters - 1) + ".";
    double[][] base = new double[ids.length][];
    double[][] logits = new double[ids.length][];
    double[] confidence = new double[ids.length];
    int[] out = new int[ids.length];
    float[] markov = weights.apply(last + "markov_head.embed.weight");
    int rank = c.markovRank;
    for (int i = 0, token = anchor; i < ids.length; i++) {
      double[] u = collapse(gates[i], x[i]);
      base[i] = linear("head.weight", norm(u, last + "norm.weight"));
      double[] joined = Arrays.copyOf(u, d + rank);
      for (int r = 0; r < rank; r++) {
        joined[d + r] = markov[token * rank + r];
      }
      double[] term =
          linear(last + "markov_head.head.weight", Arrays.copyOfRange(joined, d, d + rank));
      if (wrong(Mistake.CONFIDENCE_AFTER_NORM)) {
        System.arraycopy(norm(u, last + "norm.weight"), 0, joined, 0, d);
      }
      logits[i] = base[i].clone();
      add(logits[i], 1, term, 0);
      confidence[i] = linear(last + "confidence_head.proj.weight", joined)[0];
      token = best(logits[i], 1)[0];
      out[i] = token;
    }
    return new Proposal(out, base, logits, confidence);
  }

  /** Every position of the block sees the window of committed rows and the whole block. */
  private double[][] draftAttention(String p, double[][] main, int from, double[][] x) {
    int near = wrong(Mistake.DRAFT_WITHOUT_CONTEXT) ? 0 : main.length - from;
    double[][] seen = new double[near + x.length][];
    for (int i = 0; i < near; i++) {
      seen[i] = cachedRow(p, main[from + i], from + i, 0);
    }
    for (int i = 0; i < x.length; i++) {
      seen[near + i] = cachedRow(p, x[i], main.length + i, 0);
    }
    double[][] out = new double[x.length][];
    for (int i = 0; i < x.length; i++) {
      double[] latent = norm(linear(p + "wq_a.weight", x[i]), p + "q_norm.weight");
      int count = near + (wrong(Mistake.DRAFT_CAUSAL) ? i + 1 : x.length);
      double[][] rows = Arrays.copyOf(seen, count);
      out[i] = attend(p, latent, rows, main.length + i, 0, wrong(Mistake.HEAD_NORM));
    }
    return out;
  }
}
