package io.hadal.train.graph;

import io.hadal.model.config.BlockDraftConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.Parameter.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * DSpark (V4.1 spec 5): stages that propose several tokens from means of the trunk's streams.
 * Nothing of its gradient reaches the trunk, the embedding or the output matrix, so it learns the
 * same beside a trunk that learns and behind one that is frozen.
 */
final class BlockDrafter {
  private final Work work;
  private final ModelConfig config;
  private final BlockDraftConfig shape;
  private final Embedding embedding;
  private final Linear mainProjection;
  private final RmsNorm mainNorm;
  private final List<DraftAttention> attentions = new ArrayList<>();
  private final List<Block> stages = new ArrayList<>();
  private final DraftHead head;
  private final StreamGradients gradients;
  private float[] taps = new float[0];
  private float[] rawMain = new float[0];
  private float[] main = new float[0];
  private float[] dMain = new float[0];
  private float[] start = new float[0];
  private float[] unused = new float[0];
  private float[] last = new float[0];
  private float[] collapsed = new float[0];
  private float[] dCollapsed = new float[0];

  BlockDrafter(
      Work work,
      ModelConfig config,
      BlockDraftConfig shape,
      ParameterSet set,
      Embedding embedding,
      OutputHead trunk) {
    this.work = work;
    this.config = config;
    this.shape = shape;
    this.embedding = embedding;
    this.gradients = new StreamGradients(config);
    int d = config.hiddenSize();
    int in = shape.targets().size() * d;
    this.mainProjection =
        new Linear(
            set.normal("mtp.0.main_proj.weight", Kind.MATRIX, 1 / Math.sqrt(in), d, in), d, in);
    this.mainNorm =
        new RmsNorm(set.constant("mtp.0.main_norm.weight", Kind.VECTOR, 1, d), d, config.normEps());
    for (LayerConfig lc : shape.stages()) {
      int i = lc.index();
      String prefix = "mtp." + i + ".";
      HyperSite attentionSite = new HyperSite(work, config, set, prefix, "attn", 2 * i);
      DraftAttention attention = new DraftAttention(work, config, shape, lc, set, prefix + "attn.");
      HyperSite expertSite = new HyperSite(work, config, set, prefix, "ffn", 2 * i + 1);
      Experts experts = new Experts(work, config, lc, set, prefix + "ffn.", null);
      attentions.add(attention);
      stages.add(new Block(work, config, attentionSite, attention, expertSite, experts));
    }
    this.head = new DraftHead(work, config, shape, set, "mtp." + (stages.size() - 1) + ".", trunk);
  }

  /** Moves the router biases; once a step. */
  void updateBiases(float speed) {
    stages.forEach(s -> s.experts().updateBias(speed));
  }

  /** Streams that enter a layer of the trunk, of the batch that has just run. */
  @FunctionalInterface
  interface Entering {
    float[] layer(int index);
  }

  /** Losses of a batch's proposals, and with a scale above 0 their gradients. */
  DraftLosses run(PackedBatch batch, Entering entering, Pass pass, Pass.Drafts drafts) {
    DraftRows rows = new DraftRows(batch, shape, drafts.phase());
    if (rows.count() == 0) {
      return DraftLosses.NONE;
    }
    forward(rows, entering, pass);
    dCollapsed = Work.grow(dCollapsed, rows.count() * config.hiddenSize());
    DraftLosses losses = head.run(rows, collapsed, drafts, dCollapsed);
    if (drafts.scale() > 0) {
      backward(rows, pass);
    }
    return losses;
  }

  /** Logits {@code [rows, vocab]} of a batch's proposals behind the text's own tokens. */
  float[] logits(PackedBatch batch, Entering entering, int phase) {
    DraftRows rows = new DraftRows(batch, shape, phase);
    forward(rows, entering, Pass.EVALUATION);
    return head.logits(rows, collapsed);
  }

  /** Raw confidences of the last {@link #run}, by row. */
  float[] confidences() {
    return head.confidences();
  }

  private void forward(DraftRows rows, Entering entering, Pass pass) {
    int d = config.hiddenSize();
    int tokens = rows.source().tokens();
    int n = rows.count();
    int width = config.streamWidth();
    rawMain = Work.grow(rawMain, tokens * d);
    main = Work.grow(main, tokens * d);
    dMain = Work.grow(dMain, tokens * d);
    Arrays.fill(dMain, 0, tokens * d, 0);
    tap(tokens, entering);
    mainProjection.forward(work, tokens, taps, rawMain);
    mainNorm.forward(work, tokens, rawMain, main);
    if (start.length < HyperSite.size(config.hyper(), n)) {
      start = HyperSite.start(config.hyper(), n);
    }
    last = Work.grow(last, n * width);
    embedding.forward(rows.rows(), stages.getFirst().entrance(n));
    float[] gates = start;
    for (int i = 0; i < stages.size(); i++) {
      attentions.get(i).begin(rows, main, dMain);
      float[] next = i + 1 == stages.size() ? last : stages.get(i + 1).entrance(n);
      stages.get(i).forward(rows.rows(), gates, next, pass);
      gates = stages.get(i).gates();
    }
    collapsed = Work.grow(collapsed, n * d);
    stages.getLast().collapse(n, last, collapsed);
  }

  /** Means of the streams that enter the target layers, {@code [tokens, targets, hidden]}. */
  private void tap(int tokens, Entering entering) {
    int d = config.hiddenSize();
    int streams = config.hyper().streams();
    int targets = shape.targets().size();
    taps = Work.grow(taps, tokens * targets * d);
    for (int place = 0; place < targets; place++) {
      float[] x = entering.layer(shape.targets().get(place));
      int column = place * d;
      work.rows(
          tokens,
          (from, to, worker) -> {
            for (int t = from; t < to; t++) {
              int at = t * targets * d + column;
              System.arraycopy(x, t * streams * d, taps, at, d);
              for (int j = 1; j < streams; j++) {
                work.kernels.addScaled(1, x, (t * streams + j) * d, taps, at, d);
              }
              work.training.scale(1f / streams, taps, at, d);
            }
          });
    }
  }

  private void backward(DraftRows rows, Pass pass) {
    int n = rows.count();
    gradients.grow(n);
    unused = Work.grow(unused, HyperSite.size(config.hyper(), n));
    stages.getLast().collapseBackward(n, last, dCollapsed, gradients);
    for (int i = stages.size() - 1; i >= 0; i--) {
      Block before = i == 0 ? null : stages.get(i - 1);
      stages
          .get(i)
          .backward(
              rows.rows(),
              before == null ? start : before.gates(),
              before == null ? unused : before.gateGradients(n),
              gradients,
              pass);
    }
    int tokens = rows.source().tokens();
    mainNorm.backward(work, tokens, rawMain, dMain, dMain);
    mainProjection.backwardWeight(work, tokens, dMain, taps);
  }
}
