package io.hadal.train.graph;

import io.hadal.model.config.ModelConfig;

/** Memory of a backward pass that all layers share. */
final class StreamGradients {
  private final int hidden;
  private final int width;
  // Gradient of the streams, on its way down.
  float[] streams = new float[0];
  float[] middle = new float[0];
  float[] output = new float[0];
  float[] input = new float[0];

  StreamGradients(ModelConfig config) {
    this.hidden = config.hiddenSize();
    this.width = config.streamWidth();
  }

  void grow(int tokens) {
    streams = Work.grow(streams, tokens * width);
    middle = Work.grow(middle, tokens * width);
    output = Work.grow(output, tokens * hidden);
    input = Work.grow(input, tokens * hidden);
  }
}
