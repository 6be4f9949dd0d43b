package io.hadal.train.graph;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tokens of several documents, one span after the other. Nothing crosses the border of a span;
 * every span starts at position 0.
 */
public final class PackedBatch {
  private final int[] ids;
  private final int[] targets;
  private final int[] starts;
  private final int[] positions;
  private final Map<Integer, int[]> entries = new HashMap<>();

  /**
   * Packs spans.
   *
   * @param ids token ids
   * @param targets id to predict behind each token, negative for none
   * @param lengths tokens of each span, above 0
   */
  public PackedBatch(int[] ids, int[] targets, List<Integer> lengths) {
    this.ids = ids.clone();
    this.targets = targets.clone();
    this.starts = new int[lengths.size() + 1];
    this.positions = new int[ids.length];
    for (int s = 0; s < lengths.size(); s++) {
      starts[s + 1] = starts[s] + lengths.get(s);
      for (int i = starts[s]; i < starts[s + 1]; i++) {
        positions[i] = i - starts[s];
      }
    }
    if (starts[lengths.size()] != ids.length || targets.length != ids.length) {
      throw new IllegalArgumentException("spans, ids and targets do not fit each other");
    }
  }

  public int tokens() {
    return ids.length;
  }

  public int spans() {
    return starts.length - 1;
  }

  /** First token of a span; that of span {@link #spans} is the end. */
  public int start(int span) {
    return starts[span];
  }

  public int length(int span) {
    return starts[span + 1] - starts[span];
  }

  public int id(int token) {
    return ids[token];
  }

  public int target(int token) {
    return targets[token];
  }

  /** Place of a token in its span. */
  public int position(int token) {
    return positions[token];
  }

  /** First compressed entry of each span and, behind them, their number. */
  int[] entryStarts(int ratio) {
    return entries.computeIfAbsent(
        ratio,
        r -> {
          int[] first = new int[starts.length];
          for (int s = 0; s < spans(); s++) {
            first[s + 1] = first[s] + length(s) / r;
          }
          return first;
        });
  }
}
