package io.hadal.train.graph;

import io.hadal.model.config.ModelConfig;
import java.util.Arrays;

/**
 * One layer: attention and experts, each in its hyper-connection, and what the forward pass leaves
 * for the backward pass.
 */
final class Block {
  private final Work work;
  private final int streams;
  private final int hidden;
  private final int width;
  private final HyperSite attentionSite;
  private final Attention attention;
  private final HyperSite expertSite;
  private final Experts experts;
  // Streams before attention and before the experts.
  private float[] entering = new float[0];
  private float[] middle = new float[0];
  private float[] attentionInput = new float[0];
  private float[] attended = new float[0];
  private float[] expertInput = new float[0];
  private float[] result = new float[0];

  /** The first sublayer. */
  interface Attention {
    /**
     * The sublayer.
     *
     * @param x normalised input {@code [tokens, hidden]}
     * @param y out {@code [tokens, hidden]}
     */
    void forward(PackedBatch batch, float[] x, float[] y, Pass pass);

    /**
     * Backward of {@link #forward}.
     *
     * @param dy gradient of the output
     * @param dx out: set
     */
    void backward(PackedBatch batch, float[] x, float[] dy, float[] dx);
  }

  Block(
      Work work,
      ModelConfig config,
      HyperSite attentionSite,
      Attention attention,
      HyperSite expertSite,
      Experts experts) {
    this.work = work;
    this.streams = config.hyper().streams();
    this.hidden = config.hiddenSize();
    this.width = config.streamWidth();
    this.attentionSite = attentionSite;
    this.attention = attention;
    this.expertSite = expertSite;
    this.experts = experts;
  }

  Experts experts() {
    return experts;
  }

  /** Where the streams {@code [tokens, streams, hidden]} go that {@link #forward} begins with. */
  float[] entrance(int tokens) {
    entering = Work.grow(entering, tokens * width);
    return entering;
  }

  /** Streams before the layer in the last forward pass. */
  float[] entering() {
    return entering;
  }

  /** Gates that the next site collapses the streams with. */
  float[] gates() {
    return expertSite.gates();
  }

  /** Where the next site leaves the gradient of {@link #gates}. */
  float[] gateGradients(int tokens) {
    return expertSite.gateGradients(tokens);
  }

  /**
   * From {@link #entrance} to the streams behind the layer.
   *
   * @param gates of the site before
   * @param next out
   */
  void forward(PackedBatch batch, float[] gates, float[] next, Pass pass) {
    int tokens = batch.tokens();
    middle = Work.grow(middle, tokens * width);
    attended = Work.grow(attended, tokens * hidden);
    result = Work.grow(result, tokens * hidden);
    attentionInput = attentionSite.forward(tokens, entering, gates);
    attention.forward(batch, attentionInput, attended, pass);
    attentionSite.expand(tokens, entering, attended, middle);
    expertInput = expertSite.forward(tokens, middle, attentionSite.gates());
    experts.forward(batch, expertInput, result);
    expertSite.expand(tokens, middle, result, next);
  }

  /**
   * Backward of {@link #forward}.
   *
   * @param gates of the site before
   * @param dGates their gradient: set
   * @param d holds the gradient of the streams behind the layer, then of those before it
   */
  void backward(PackedBatch batch, float[] gates, float[] dGates, StreamGradients d, Pass pass) {
    int tokens = batch.tokens();
    expertSite.expandBackward(tokens, middle, result, d.streams, d.middle, d.output);
    experts.backward(batch, expertInput, d.output, d.input, pass);
    expertSite.backward(
        tokens,
        middle,
        attentionSite.gates(),
        d.input,
        attentionSite.gateGradients(tokens),
        d.middle);
    attentionSite.expandBackward(tokens, entering, attended, d.middle, d.streams, d.output);
    attention.backward(batch, attentionInput, d.output, d.input);
    attentionSite.backward(tokens, entering, gates, d.input, dGates, d.streams);
  }

  /**
   * Streams behind the last layer to one row a token.
   *
   * @param last streams {@code [tokens, streams, hidden]}
   * @param out {@code [tokens, hidden]}
   */
  void collapse(int tokens, float[] last, float[] out) {
    work.rows(
        tokens,
        (from, to, worker) -> {
          float[] g = work.scratch(worker, streams);
          for (int t = from; t < to; t++) {
            expertSite.collapse(last, gates(), t, g, out);
          }
        });
  }

  /**
   * Backward of {@link #collapse}.
   *
   * @param dOut gradient of the collapsed rows
   * @param d its streams: set
   */
  void collapseBackward(int tokens, float[] last, float[] dOut, StreamGradients d) {
    float[] dGates = gateGradients(tokens);
    Arrays.fill(d.streams, 0, tokens * width, 0);
    work.rows(
        tokens,
        (from, to, worker) -> {
          float[] b = work.scratch(worker, streams);
          for (int t = from; t < to; t++) {
            expertSite.collapseBackward(last, gates(), dOut, dGates, d.streams, t, b);
          }
        });
  }
}
