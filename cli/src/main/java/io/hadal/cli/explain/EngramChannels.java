package io.hadal.cli.explain;

import io.hadal.model.config.EngramConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Hash channels of an Engram memory: groups of neighbouring columns of a position's rows.
 *
 * @param names a channel's name, in the order of the columns
 * @param width values that one channel looks up
 */
record EngramChannels(List<String> names, int width) {
  EngramChannels {
    names = List.copyOf(names);
  }

  /**
   * N-gram orders from 2, then structural channels, each with all heads (engram spec 2.4, 10.4).
   */
  static EngramChannels of(EngramConfig engram) {
    List<String> names = new ArrayList<>();
    for (int n = 2; n <= engram.maxOrder(); n++) {
      names.add(n + "-gram");
    }
    engram.channels().keySet().forEach(channel -> names.add(channel.name()));
    return new EngramChannels(names, engram.heads() * engram.headDim());
  }

  /** Root mean square of each channel's values, which lie side by side from {@code offset}. */
  float[] rms(float[] values, int offset) {
    float[] rms = new float[names.size()];
    for (int c = 0; c < rms.length; c++) {
      double sum = 0;
      for (int i = 0; i < width; i++) {
        double v = values[offset + c * width + i];
        sum += v * v;
      }
      rms[c] = (float) Math.sqrt(sum / width);
    }
    return rms;
  }
}
