package io.hadal.model.forward;

import io.hadal.model.cache.SequenceCache;
import io.hadal.model.config.BlockDraftConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.weights.BlockDraftWeights;
import java.util.Arrays;
import java.util.stream.IntStream;

/** DSpark: proposes a block of tokens from the trunk's stream means (V4.1 spec 5). */
final class BlockDrafter {

  private final ModelConfig config;
  private final BlockDraftConfig draft;
  private final BlockDraftWeights weights;
  private final Compute compute;
  private final RotaryTables rotary;
  private final HyperConnections hyper;
  private final Block block;
  private final Attention context;
  private float[] main = new float[0];

  BlockDrafter(
      ModelConfig config,
      BlockDraftConfig draft,
      BlockDraftWeights weights,
      Compute compute,
      RotaryTables rotary) {
    this.config = config;
    this.draft = draft;
    this.weights = weights;
    this.compute = compute;
    this.rotary = rotary;
    this.hyper = new HyperConnections(config, compute);
    this.block = new Block(config, compute, rotary, hyper);
    this.context = new Attention(config, compute, rotary);
    draft.stages().forEach(stage -> rotary.table(stage.rope()));
  }

  /** Writes the context rows of committed tokens into every stage's window. */
  void follow(Batch batch, float[] taps) {
    int d = config.hiddenSize();
    int tokens = batch.size();
    main = Compute.grow(main, tokens * d);
    compute.linear(weights.mainProj(), taps, draft.targets().size() * d, tokens, main, d);
    compute.norm(main, tokens, d, weights.mainNorm(), config.normEps(), main);
    for (LayerConfig stage : draft.stages()) {
      context.projectRows(
          batch,
          -1,
          stage,
          weights.stages().get(stage.index()).attention(),
          rotary.table(stage.rope()),
          main);
    }
  }

  /** The normalised context vectors of the last {@link #follow}. */
  float[] main() {
    return main;
  }

  /**
   * Proposes the tokens behind {@code anchor}, which follows the timeline's last position.
   *
   * @param embedded embeddings {@code [block, hidden]} of the anchor and of the noise token
   */
  BlockProposal propose(SequenceCache cache, int anchor, float[] embedded) {
    int n = draft.blockSize();
    int d = config.hiddenSize();
    int streams = config.hyper().streams();
    int[] ids = new int[n];
    Arrays.fill(ids, draft.noiseId());
    ids[0] = anchor;
    Batch batch = Batch.proposal(cache, ids);
    rotary.fill(batch, compute);
    float[] x = new float[n * streams * d];
    for (int i = 0; i < n * streams; i++) {
      System.arraycopy(embedded, i / streams * d, x, i * d, d);
    }
    hyper.start(n);
    for (LayerConfig stage : draft.stages()) {
      block.forward(batch, -1, stage, weights.stages().get(stage.index()), x);
    }
    float[] collapsed = new float[n * d];
    hyper.collapseHead(null, x, IntStream.range(0, n).toArray(), collapsed);
    return decode(anchor, collapsed);
  }

  /** The only sequential part: each token corrects the logits of the next. */
  private BlockProposal decode(int anchor, float[] collapsed) {
    int n = draft.blockSize();
    int d = config.hiddenSize();
    int vocab = config.vocabSize();
    int rank = draft.markovRank();
    float[] normed = new float[n * d];
    compute.norm(collapsed, n, d, weights.head().norm(), config.normEps(), normed);
    float[] base = new float[n * vocab];
    compute.head(weights.head().head(), normed, d, n, base, vocab);
    float[] logits = base.clone();
    int[] tokens = new int[n];
    float[] confidence = new float[n];
    float[] joined = new float[d + rank];
    float[] markov = new float[rank];
    float[] correction = new float[vocab];
    float[] score = new float[1];
    int previous = anchor;
    for (int i = 0; i < n; i++) {
      compute.kernels.dequantize(weights.markovEmbed(), previous, 0, rank, markov, 0);
      compute.matmul(weights.markovHead(), markov, rank, 1, correction, vocab);
      compute.kernels.addScaled(1, correction, 0, logits, i * vocab, vocab);
      System.arraycopy(collapsed, i * d, joined, 0, d);
      System.arraycopy(markov, 0, joined, d, rank);
      compute.matmul(weights.confidence(), joined, d + rank, 1, score, 1);
      confidence[i] = score[0];
      previous = argmax(logits, i * vocab, vocab);
      tokens[i] = previous;
    }
    return new BlockProposal(tokens, base, logits, confidence);
  }

  private static int argmax(float[] values, int offset, int n) {
    int best = 0;
    for (int i = 1; i < n; i++) {
      if (values[offset + i] > values[offset + best]) {
        best = i;
      }
    }
    return best;
  }
}
