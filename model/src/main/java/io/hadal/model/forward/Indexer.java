package io.hadal.model.forward;

import io.hadal.kernels.ByteQueries;
import io.hadal.kernels.ByteScores;
import io.hadal.kernels.ByteTile;
import io.hadal.kernels.KeyTile;
import io.hadal.kernels.TopK;
import io.hadal.model.cache.EntryLog;
import io.hadal.model.cache.KeyRoom;
import io.hadal.model.config.IndexerConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.NumericMode;
import io.hadal.model.forward.Batch.Span;
import io.hadal.model.weights.IndexerWeights;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Lightning indexer: the compressed entries a query attends to (spec 4.4). */
final class Indexer {
  private static final int KEYS = KeyTile.KEYS;

  /** Floats of the score buffer; long contexts are scored in several rounds of tokens. */
  private static final int SCORES = 4 << 20;

  private final ModelConfig config;
  private final IndexerConfig index;
  private final Compute compute;
  private final ByteScores byteScores = ByteScores.get();
  private final ByteQueries byteQueries = new ByteQueries();
  private float[] queries = new float[0];
  private float[] weights = new float[0];
  private float[] scores = new float[0];
  // True when integers score keys that can be had as bytes.
  private final boolean scoresBytes;
  private final KeyRoom[] rooms;
  private final float[][] scratch;
  // Candidate blocks of the batch's tokens; null for all of them.
  private int[] @Nullable [] candidates = new int[0][];

  Indexer(ModelConfig config, Compute compute) {
    this.config = config;
    this.index = config.indexer();
    this.compute = compute;
    this.scoresBytes = compute.mode == NumericMode.FAST && index.headDim() <= ByteTile.MOST;
    this.rooms = new KeyRoom[scoresBytes ? compute.pool.threads() : 0];
    Arrays.setAll(rooms, i -> new KeyRoom(index.headDim()));
    this.scratch = Compute.perWorker(compute.pool);
  }

  /**
   * Chosen entries of every token, ascending; null in place of a list that holds all visible
   * entries.
   *
   * @param x block input {@code [tokens, hidden]}
   * @param latent normalised query latent {@code [tokens, queryRank]}
   */
  int[] @Nullable [] select(
      Batch batch,
      int layer,
      LayerConfig lc,
      IndexerWeights w,
      RotaryTables.Table rope,
      float[] x,
      float[] latent) {
    int tokens = batch.size();
    int[] @Nullable [] selected = new int[tokens][];
    if (isCandidateSource(lc)) {
      candidates = new int[tokens][];
    }
    boolean probing = compute.probe != null && layer >= 0;
    if (!probing && !needed(batch, lc)) {
      return selected;
    }
    project(batch, layer, w, rope, x, latent);
    if (scoresBytes) {
      byteQueries.begin(tokens, index.heads(), index.headDim());
      compute.forRows(
          tokens,
          (t, worker) ->
              byteQueries.quantize(
                  t, queries, t * index.heads() * index.headDim(), weights, t * index.heads()));
    }
    for (Span span : batch.spans()) {
      EntryLog keys = Objects.requireNonNull(span.cache().layer(lc.kvSource()).index()).entries();
      int last = lc.visibleEntries(span.start() + span.count() - 1);
      if (last == 0) {
        continue;
      }
      if (masked(lc)) {
        chooseAmongCandidates(batch, layer, lc, span, keys, selected);
        continue;
      }
      int round = Math.max(1, SCORES / last);
      for (int from = 0; from < span.count(); from += round) {
        int count = Math.min(round, span.count() - from);
        scores = Compute.grow(scores, count * last);
        score(span, keys, from, count, last);
        if (probing) {
          probeScores(batch, layer, lc, span, from, count, last);
        }
        if (isCandidateSource(lc)) {
          keepCandidates(batch, lc, span, from, count, last);
        }
        choose(batch, lc, span, from, count, last, selected);
      }
    }
    return selected;
  }

  /** Moves the candidates of some tokens, ascending, to the front. */
  void keep(int[] rows) {
    for (int i = 0; i < rows.length && rows[i] < candidates.length; i++) {
      candidates[i] = candidates[rows[i]];
    }
  }

  private boolean needed(Batch batch, LayerConfig lc) {
    for (Span span : batch.spans()) {
      if (lc.visibleEntries(span.start() + span.count() - 1) > index.topK()) {
        return true;
      }
    }
    return false;
  }

  private void project(
      Batch batch,
      int layer,
      IndexerWeights w,
      RotaryTables.Table rope,
      float[] x,
      float[] latent) {
    int tokens = batch.size();
    int dim = index.headDim();
    int width = index.heads() * dim;
    int ropeDim = config.attention().ropeDim();
    queries = Compute.grow(queries, tokens * width);
    weights = Compute.grow(weights, tokens * index.heads());
    compute.linear(w.wqB(), latent, config.attention().queryRank(), tokens, queries, width);
    float hadamardScale = (float) (1 / Math.sqrt(dim));
    compute.forRows(
        tokens,
        (t, worker) -> {
          for (int h = 0; h < index.heads(); h++) {
            int at = t * width + h * dim;
            rope.rotate(queries, at + dim - ropeDim, t, false);
            compute.round(queries, at + dim - ropeDim, ropeDim);
            if (index.keys() == IndexerConfig.Keys.COMPRESSED) {
              compute.kernels.hadamard(queries, at, dim, hadamardScale);
              compute.round(queries, at, dim);
            }
            if (compute.mode.roundsCaches()) {
              compute.attention.roundFp4(queries, at, dim, 32);
            }
          }
        });
    compute.linear(w.weightsProj(), x, config.hiddenSize(), tokens, weights, index.heads());
    for (int i = 0; i < tokens * index.heads(); i++) {
      weights[i] *= index.weightScale();
    }
    compute.round(weights, 0, tokens * index.heads());
    compute.probe(layer, "idx_q", queries, tokens, width);
    compute.probe(layer, "idx_weights", weights, tokens, index.heads());
  }

  /** Scores of {@code count} tokens against the first {@code entries} keys, tile by tile. */
  private void score(Span span, EntryLog keys, int from, int count, int entries) {
    compute.parallel(
        (entries + KEYS - 1) / KEYS,
        (task, worker) -> {
          int first = task * KEYS;
          int n = Math.min(KEYS, entries - first);
          if (scoresBytes && keys.givesBytes()) {
            byteScores.scores(
                byteQueries,
                span.offset() + from,
                count,
                keys.byteTile(task, rooms[worker]),
                n,
                scores,
                first,
                entries);
            return;
          }
          scratch[worker] = Compute.grow(scratch[worker], KEYS * index.headDim());
          float[] b = scratch[worker];
          keys.readTile(task, b);
          for (int i = 0; i < count; i++) {
            int t = span.offset() + from + i;
            int at = i * entries + first;
            if (n == KEYS) {
              scoreTile(t, b, scores, at);
            } else {
              float[] tile = new float[KEYS];
              scoreTile(t, b, tile, 0);
              System.arraycopy(tile, 0, scores, at, n);
            }
          }
        });
  }

  private void scoreTile(int t, float[] keys, float[] out, int at) {
    int heads = index.heads();
    int dim = index.headDim();
    boolean bf16 = compute.mode.roundsActivations();
    compute.attention.indexScores(
        queries, t * heads * dim, heads, dim, weights, t * heads, keys, bf16, out, at);
  }

  private void choose(
      Batch batch,
      LayerConfig lc,
      Span span,
      int from,
      int count,
      int stride,
      int[] @Nullable [] selected) {
    compute.forRows(
        count,
        (i, worker) -> {
          int t = span.offset() + from + i;
          int visible = lc.visibleEntries(batch.position(t));
          if (visible > index.topK()) {
            int[] out = new int[index.topK()];
            TopK.select(scores, i * stride, visible, index.topK(), out);
            selected[t] = out;
          }
        });
  }

  private boolean isCandidateSource(LayerConfig lc) {
    IndexerConfig.Candidates c = index.candidates();
    return c != null && c.source() == lc.index();
  }

  /** True for a later indexer over the entries of the candidate source. */
  private boolean masked(LayerConfig lc) {
    IndexerConfig.Candidates c = index.candidates();
    return c != null
        && lc.index() > c.source()
        && lc.kvSource() == config.layers().get(c.source()).kvSource();
  }

  /**
   * Best blocks of every token by their best visible entry; the newest visible block is always in.
   */
  private void keepCandidates(
      Batch batch, LayerConfig lc, Span span, int from, int count, int stride) {
    IndexerConfig.Candidates c = Objects.requireNonNull(index.candidates());
    compute.forRows(
        count,
        (i, worker) -> {
          int t = span.offset() + from + i;
          int visible = lc.visibleEntries(batch.position(t));
          int blocks = (visible + c.blockSize() - 1) / c.blockSize();
          if (blocks <= c.blocks()) {
            return;
          }
          float[] best = new float[blocks];
          for (int b = 0; b < blocks; b++) {
            int first = b * c.blockSize();
            int n = Math.min(c.blockSize(), visible - first);
            best[b] = compute.kernels.max(scores, i * stride + first, n);
          }
          best[blocks - 1] = Float.POSITIVE_INFINITY;
          int[] kept = new int[c.blocks()];
          TopK.select(best, 0, blocks, c.blocks(), kept);
          candidates[t] = kept;
        });
    if (compute.probe != null) {
      probeCandidates(batch, lc, span, from, count, stride);
    }
  }

  /** Scores the entries of a token's candidate blocks only, and takes the best. */
  private void chooseAmongCandidates(
      Batch batch,
      int layer,
      LayerConfig lc,
      Span span,
      EntryLog keys,
      int[] @Nullable [] selected) {
    boolean probing = compute.probe != null && layer >= 0;
    int width = lc.visibleEntries(span.start() + span.count() - 1);
    float[] seen = new float[probing ? span.count() * width : 0];
    Arrays.fill(seen, Float.NEGATIVE_INFINITY);
    compute.forRows(
        span.count(),
        (i, worker) -> {
          int t = span.offset() + i;
          int visible = lc.visibleEntries(batch.position(t));
          // As without a step that needs a choice: few entries are all attended to.
          boolean all = visible <= index.topK();
          int[] entries = candidateEntries(t, visible);
          if ((all || entries.length <= index.topK()) && !probing) {
            selected[t] = all ? null : entries;
            return;
          }
          float[] own = new float[entries.length];
          scoreEntries(t, keys, entries, worker, own);
          if (probing) {
            for (int j = 0; j < entries.length; j++) {
              seen[i * width + entries[j]] = own[j];
            }
          }
          int k = Math.min(index.topK(), entries.length);
          int[] best = new int[k];
          TopK.select(own, 0, entries.length, k, best);
          for (int j = 0; j < k; j++) {
            best[j] = entries[best[j]];
          }
          selected[t] = all ? null : best;
        });
    if (probing && width > 0) {
      compute.probe(layer, "idx_score", seen, span.count(), width);
    }
  }

  private void scoreEntries(int t, EntryLog keys, int[] entries, int worker, float[] out) {
    float[] tile = new float[KEYS];
    scratch[worker] = Compute.grow(scratch[worker], KEYS * index.headDim());
    for (int from = 0; from < entries.length; from += KEYS) {
      int n = Math.min(KEYS, entries.length - from);
      if (scoresBytes && keys.givesBytes()) {
        MemorySegment bytes = keys.byteTile(entries, from, n, rooms[worker]);
        byteScores.scores(byteQueries, t, 1, bytes, n, out, from, entries.length);
      } else {
        keys.readTile(entries, from, n, scratch[worker]);
        scoreTile(t, scratch[worker], tile, 0);
        System.arraycopy(tile, 0, out, from, n);
      }
    }
  }

  private int[] candidateEntries(int t, int visible) {
    int[] blocks = t < candidates.length ? candidates[t] : null;
    if (blocks == null) {
      int[] all = new int[visible];
      Arrays.setAll(all, j -> j);
      return all;
    }
    int size = Objects.requireNonNull(index.candidates()).blockSize();
    int[] out = new int[blocks.length * size];
    int n = 0;
    for (int block : blocks) {
      for (int e = block * size; e < Math.min(visible, (block + 1) * size); e++) {
        out[n++] = e;
      }
    }
    return Arrays.copyOf(out, n);
  }

  private void probeCandidates(
      Batch batch, LayerConfig lc, Span span, int from, int count, int entries) {
    int size = Objects.requireNonNull(index.candidates()).blockSize();
    float[] seen = new float[count * entries];
    for (int i = 0; i < count; i++) {
      int t = span.offset() + from + i;
      // Whole blocks, the entries that are not visible yet as well.
      int visible = lc.visibleEntries(batch.position(t));
      for (int e : candidateEntries(t, Math.min(entries, (visible + size - 1) / size * size))) {
        seen[i * entries + e] = 1;
      }
    }
    compute.probe(lc.index(), "idx_candidates", seen, count, entries);
  }

  private void probeScores(
      Batch batch, int layer, LayerConfig lc, Span span, int from, int count, int entries) {
    float[] seen = Arrays.copyOf(scores, count * entries);
    for (int i = 0; i < count; i++) {
      int visible = lc.visibleEntries(batch.position(span.offset() + from + i));
      Arrays.fill(seen, i * entries + visible, (i + 1) * entries, Float.NEGATIVE_INFINITY);
    }
    compute.probe(layer, "idx_score", seen, count, entries);
  }
}
