package io.hadal.train.graph;

import io.hadal.model.config.BlockDraftConfig;
import java.util.Arrays;
import java.util.List;

/**
 * Proposals that a batch teaches (V4.1 spec 5). An anchor is a token that the trunk has emitted;
 * the proposal behind it has one row for the anchor and one for each noise token, and row {@code i}
 * stands for the token {@code i + 1} places behind the anchor. In every span each proposal begins
 * where the one before ends, so that a pass predicts a token once.
 */
final class DraftRows {
  private final PackedBatch source;
  private final int size;
  private final PackedBatch rows;
  private final int[] anchors;
  // First proposal of each span, and the number of all.
  private final int[] starts;
  // Token of the trunk that predicts what a row predicts; that of the span's end where none does.
  private final int[] predictors;

  /**
   * @param phase where the first proposal of each span begins, modulo the size of a proposal
   */
  DraftRows(PackedBatch source, BlockDraftConfig config, int phase) {
    this.source = source;
    this.size = config.blockSize();
    this.starts = new int[source.spans() + 1];
    int[] found = new int[source.tokens() / size + source.spans()];
    int count = 0;
    for (int s = 0; s < source.spans(); s++) {
      // An anchor has something before it and something behind it.
      for (int q = 1 + Math.floorMod(phase, size); q + 1 < source.length(s); q += size) {
        found[count++] = source.start(s) + q;
      }
      starts[s + 1] = count;
    }
    this.anchors = Arrays.copyOf(found, count);
    int n = count * size;
    int[] ids = new int[n];
    int[] targets = new int[n];
    this.predictors = new int[n];
    Arrays.fill(ids, config.noiseId());
    Arrays.fill(targets, -1);
    for (int s = 0; s < source.spans(); s++) {
      for (int b = starts[s]; b < starts[s + 1]; b++) {
        ids[b * size] = source.id(anchors[b]);
        for (int i = 0; i < size; i++) {
          int token = anchors[b] + i;
          boolean inside = token < source.start(s + 1);
          predictors[b * size + i] = inside ? token : source.start(s + 1) - 1;
          targets[b * size + i] = inside ? source.target(token) : -1;
        }
      }
    }
    this.rows = new PackedBatch(ids, targets, n == 0 ? List.of() : List.of(n));
  }

  /** No proposals. */
  static DraftRows none(BlockDraftConfig config) {
    return new DraftRows(new PackedBatch(new int[0], new int[0], List.of()), config, 0);
  }

  /** Anchors and noise tokens as the stages take them in. */
  PackedBatch rows() {
    return rows;
  }

  int count() {
    return rows.tokens();
  }

  /** Rows of a proposal. */
  int size() {
    return size;
  }

  PackedBatch source() {
    return source;
  }

  /** First proposal of a span; that of the number of spans is the end. */
  int start(int span) {
    return starts[span];
  }

  /** Token of the batch that a proposal begins with. */
  int anchor(int proposal) {
    return anchors[proposal];
  }

  /** Place of a row in its span. */
  int position(int row) {
    return source.position(anchors[row / size]) + row % size;
  }

  /** Token behind which the trunk predicts what a row predicts. */
  int[] predictors() {
    return predictors;
  }

  /** Id of the token before the one that a row stands for. */
  int previous(int row) {
    return source.id(predictors[row]);
  }
}
