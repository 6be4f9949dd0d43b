package io.hadal.model.forward;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.Probe;
import io.hadal.model.cache.SequenceCache;
import io.hadal.model.config.BlockDraftConfig;
import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.NumericMode;
import io.hadal.model.weights.EngramMemory;
import io.hadal.model.weights.HeadWeights;
import io.hadal.model.weights.ModelWeights;
import io.hadal.model.weights.MtpWeights;
import io.hadal.model.weights.MtpWeights.Projection;
import io.hadal.model.weights.PackedWeights;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The model's arithmetic over a batch (spec 2.1). Holds scratch memory, so one thread uses it at a
 * time; weights and caches are passed through, never owned.
 */
public final class ForwardPass {
  private final ModelConfig config;
  private final ModelWeights weights;
  private final Compute compute;
  private final RotaryTables rotary;
  private final HyperConnections hyper;
  private final Block block;
  private float[] streams = new float[0];
  private float[] drafted = new float[0];
  private float[] embedded = new float[0];
  private float[] projected = new float[0];
  private float[] collapsed = new float[0];
  // Means of the streams that enter the block drafter's target layers, [tokens, targets, hidden].
  private float[] taps = new float[0];
  private final @Nullable BlockDrafter blockDrafter;
  private final @Nullable Engram engram;
  private final @Nullable CompletionHead completionHead;

  public ForwardPass(
      ModelConfig config,
      ModelWeights weights,
      @Nullable EngramMemory memory,
      PackedWeights packed,
      NumericMode mode,
      WorkerPool pool,
      @Nullable Probe probe) {
    this.config = config;
    this.weights = weights;
    this.compute = new Compute(config, packed, pool, mode, probe);
    this.rotary = new RotaryTables(config.attention().ropeDim());
    this.hyper = new HyperConnections(config, compute);
    this.block = new Block(config, compute, rotary, hyper);
    this.blockDrafter =
        config.blockDraft() == null || weights.blockDraft() == null
            ? null
            : new BlockDrafter(config, config.blockDraft(), weights.blockDraft(), compute, rotary);
    EngramConfig grams = config.engram();
    this.engram =
        grams == null || memory == null ? null : new Engram(config, grams, memory, compute);
    this.completionHead =
        config.completionHead() == null || weights.completionHead() == null
            ? null
            : new CompletionHead(config, weights.completionHead(), compute);
    config.layers().forEach(l -> rotary.table(l.rope()));
    config.drafters().forEach(l -> rotary.table(l.rope()));
  }

  /**
   * Runs the trunk and advances the timelines.
   *
   * @return streams {@code [batch, streams, hidden]} behind the last layer, valid until the next
   *     call
   */
  public float[] run(Batch batch) {
    return run(batch, IntStream.range(0, batch.size()).toArray());
  }

  /**
   * As {@link #run(Batch)} where only the streams of some rows are wanted: behind the last layer's
   * keys nothing is computed for the others.
   *
   * @param rows ascending; the others of the result are undefined
   */
  public float[] run(Batch batch, int[] rows) {
    batch.begin();
    boolean done = false;
    try {
      rotary.fill(batch, compute);
      hyper.start(batch.size());
      if (engram != null) {
        engram.begin(batch);
      }
      if (completionHead != null) {
        completionHead.begin(batch);
      }
      int width = config.streamWidth();
      int d = config.hiddenSize();
      streams = Compute.grow(streams, batch.size() * width);
      compute.forRows(
          batch.size(),
          (t, worker) -> {
            embed(batch.id(t), streams, t * width);
            for (int s = 1; s < config.hyper().streams(); s++) {
              System.arraycopy(streams, t * width, streams, t * width + s * d, d);
            }
          });
      int layers = batch.isEncoded() ? config.encoderLayers() : config.layers().size();
      for (int i = 0; i < layers; i++) {
        LayerConfig layer = config.layers().get(i);
        if (engram != null && engram.has(i)) {
          engram.apply(i, batch.size(), streams);
        }
        tap(i, batch.size());
        // A probe sees every row of every layer.
        if (i == layers - 1 && rows.length < batch.size() && compute.probe == null) {
          block.forward(batch, rows, i, layer, weights.layers().get(i), streams);
        } else {
          block.forward(batch, i, layer, weights.layers().get(i), streams);
        }
      }
      done = true;
    } finally {
      if (done) {
        batch.commit();
      } else {
        batch.abort();
        if (engram != null) {
          engram.cancel();
        }
      }
    }
    return streams;
  }

  private void embed(int id, float[] out, int offset) {
    compute.kernels.dequantize(weights.embed(), id, 0, config.hiddenSize(), out, offset);
    compute.round(out, offset, config.hiddenSize());
  }

  /**
   * Logits of some rows of the last {@link #run}, with one pass over the head for all of them.
   *
   * @param streams result of that run
   * @param rows rows of its batch
   * @param out {@code [rows, vocab]}
   */
  public void logits(float[] streams, int[] rows, float[] out) {
    logits(weights.head(), streams, rows, out);
    if (completionHead != null) {
      completionHead.add(collapsed, rows, out);
    }
  }

  /**
   * Final hidden states of some rows of the last {@link #run}: streams collapsed and normed, as the
   * head takes them.
   *
   * @param streams result of that run
   * @param rows rows of its batch
   * @return {@code [rows, hidden]}, valid until the next call
   */
  public float[] hidden(float[] streams, int[] rows) {
    return hidden(weights.head(), streams, rows);
  }

  private void logits(HeadWeights head, float[] x, int[] rows, float[] out) {
    float[] last = hidden(head, x, rows);
    compute.head(head.head(), last, config.hiddenSize(), rows.length, out, config.vocabSize());
  }

  private float[] hidden(HeadWeights head, float[] x, int[] rows) {
    int d = config.hiddenSize();
    int width = config.streamWidth();
    int count = rows.length;
    float[] wanted = new float[count * width];
    for (int i = 0; i < count; i++) {
      System.arraycopy(x, rows[i] * width, wanted, i * width, width);
    }
    collapsed = Compute.grow(collapsed, count * d);
    hyper.collapseHead(head.collapse(), wanted, rows, collapsed);
    int behind = config.layers().size();
    compute.probe(behind, "collapsed", collapsed, count, d);
    compute.norm(collapsed, count, d, head.norm(), config.normEps(), collapsed);
    compute.probe(behind, "final_norm", collapsed, count, d);
    return collapsed;
  }

  /** Keeps the mean of the streams that enter a target layer of the block drafter. */
  private void tap(int layer, int tokens) {
    BlockDraftConfig draft = config.blockDraft();
    int place = draft == null || blockDrafter == null ? -1 : draft.targets().indexOf(layer);
    if (place < 0 || draft == null) {
      return;
    }
    int d = config.hiddenSize();
    int n = config.hyper().streams();
    int stride = draft.targets().size() * d;
    taps = Compute.grow(taps, tokens * stride);
    for (int t = 0; t < tokens; t++) {
      int at = t * stride + place * d;
      for (int c = 0; c < d; c++) {
        float sum = 0;
        for (int j = 0; j < n; j++) {
          sum += streams[(t * n + j) * d + c];
        }
        taps[at + c] = sum / n;
      }
      compute.round(taps, at, d);
    }
  }

  /**
   * Takes the tokens of the last {@link #run} into the block drafter's timelines, same rows in the
   * same order.
   */
  public void followBlock(Batch batch) {
    batch.begin();
    rotary.fill(batch, compute);
    Objects.requireNonNull(blockDrafter).follow(batch, taps);
    batch.commit();
  }

  /** Proposal of the block drafter for the tokens behind {@code anchor}. */
  public BlockProposal proposeBlock(SequenceCache cache, int anchor) {
    BlockDraftConfig draft = Objects.requireNonNull(config.blockDraft());
    int d = config.hiddenSize();
    float[] rows = new float[draft.blockSize() * d];
    for (int i = 0; i < draft.blockSize(); i++) {
      embed(i == 0 ? anchor : draft.noiseId(), rows, i * d);
    }
    return Objects.requireNonNull(blockDrafter).propose(cache, anchor, rows);
  }

  /**
   * Runs an MTP layer (spec 5.3): row t joins the trunk's streams of a position with the embedding
   * of the token after it; the batch holds those next tokens and the drafter's own timelines.
   *
   * @param trunk streams {@code [batch, streams, hidden]} from {@code trunkRow}
   * @return the layer's streams, valid until the next call
   */
  public float[] draft(int drafter, Batch batch, float[] trunk, int trunkRow) {
    batch.begin();
    boolean done = false;
    try {
      rotary.fill(batch, compute);
      MtpWeights w = weights.drafters().get(drafter);
      join(batch, w, trunk, trunkRow);
      block.forward(batch, -1, config.drafters().get(drafter), w.layer(), drafted);
      done = true;
    } finally {
      if (done) {
        batch.commit();
      } else {
        batch.abort();
      }
    }
    return drafted;
  }

  private void join(Batch batch, MtpWeights w, float[] trunk, int trunkRow) {
    int d = config.hiddenSize();
    int n = config.hyper().streams();
    int tokens = batch.size();
    drafted = Compute.grow(drafted, tokens * n * d);
    embedded = Compute.grow(embedded, tokens * d);
    for (int t = 0; t < tokens; t++) {
      embed(batch.id(t), embedded, t * d);
    }
    compute.norm(embedded, tokens, d, w.embedNorm(), config.normEps(), embedded);
    float[] normed = new float[tokens * n * d];
    System.arraycopy(trunk, trunkRow * n * d, normed, 0, tokens * n * d);
    compute.norm(normed, tokens * n, d, w.hiddenNorm(), config.normEps(), normed);
    switch (w.projection()) {
      case Projection.Split(Matrix fromEmbedding, Matrix fromHidden) -> {
        projected = Compute.grow(projected, tokens * d);
        compute.linear(fromEmbedding, embedded, d, tokens, projected, d);
        compute.linear(fromHidden, normed, d, tokens * n, drafted, d);
        for (int i = 0; i < tokens * n; i++) {
          compute.kernels.addScaled(1, projected, i / n * d, drafted, i * d, d);
        }
      }
      case Projection.Joined(Matrix both) -> {
        float[] pairs = new float[tokens * n * 2 * d];
        for (int i = 0; i < tokens * n; i++) {
          System.arraycopy(embedded, i / n * d, pairs, i * 2 * d, d);
          System.arraycopy(normed, i * d, pairs, i * 2 * d + d, d);
        }
        compute.linear(both, pairs, 2 * d, tokens * n, drafted, d);
      }
    }
    compute.round(drafted, 0, tokens * n * d);
  }

  /** Logits of a drafter's rows; as {@link #logits}. */
  public void draftLogits(int drafter, float[] streams, int[] rows, float[] out) {
    logits(weights.drafters().get(drafter).head(), streams, rows, out);
  }
}
