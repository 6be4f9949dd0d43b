package io.hadal.model.forward;

import io.hadal.model.cache.EntryLog;
import io.hadal.model.cache.RowRing;
import io.hadal.model.cache.SequenceCache;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.forward.Batch.Span;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The key-value rows of one query: window rows oldest first, then compressed entries in ascending
 * order, or the rows of a proposal.
 *
 * @param first position of the first window row
 * @param near number of window rows
 * @param chosen entries by number; null for the first {@code far}
 * @param block rows of a proposal, from {@code blockOffset}; null without
 */
record KeyRows(
    RowRing window,
    int first,
    int near,
    @Nullable EntryLog entries,
    int @Nullable [] chosen,
    int far,
    float @Nullable [] block,
    int blockOffset) {

  /** What a position of a timeline attends to (spec 3.3). */
  static KeyRows of(
      SequenceCache cache,
      LayerConfig lc,
      int position,
      int window,
      boolean encoder,
      int @Nullable [] chosen) {
    int held = encoder ? 0 : cache.decodedFrom();
    int first = Math.max(held, position - window + 1);
    int far = chosen != null ? chosen.length : lc.visibleEntries(position);
    EntryLog entries =
        far == 0 ? null : Objects.requireNonNull(cache.layer(lc.kvSource()).main()).entries();
    RowRing ring = cache.layer(lc.index()).window();
    return new KeyRows(ring, first, position - first + 1, entries, chosen, far, null, 0);
  }

  /** Window rows before a proposal, then all rows of the proposal itself (V4.1 spec 5). */
  static KeyRows ofBlock(Span span, LayerConfig lc, int window, float[] rows, int rowsOffset) {
    int near = Math.min(window, span.start());
    RowRing ring = span.cache().layer(lc.index()).window();
    return new KeyRows(ring, span.start() - near, near, null, null, span.count(), rows, rowsOffset);
  }

  int count() {
    return near + far;
  }

  /** Reads rows {@code from <= j < to} to their places {@code j * stride}. */
  void read(int from, int to, int dim, float[] out, int stride) {
    for (int j = from; j < to; j++) {
      int at = j * stride;
      int e = j - near;
      if (e < 0) {
        window.read(first + j, out, at);
      } else if (block != null) {
        System.arraycopy(block, blockOffset + e * dim, out, at, dim);
      } else {
        Objects.requireNonNull(entries).read(chosen != null ? chosen[e] : e, out, at);
      }
    }
  }
}
