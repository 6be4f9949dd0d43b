package io.hadal.engine.tiny;

import io.hadal.engine.tiny.TinyCheckpoint.Storage;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Checkpoints of unlike shapes that the tests share; nothing in them is a golden dimension. */
public enum TinyShape {
  PLAIN(Storage.BF16, c -> {}),
  /** Odd heads, hidden no multiple of 16, two streams, the smallest window. */
  THREE_HEADS(
      Storage.FLOAT,
      c -> {
        c.heads = 3;
        c.groups = 3;
        c.hidden = 72;
        c.headDim = 96;
        c.ropeDim = 32;
        c.streams = 2;
        c.window = 5;
        c.ratios = new int[] {4, 8, 0, 4};
        c.hashLayers = 0;
        c.topK = 3;
      }),
  /** One stream, two hash layers, neighbouring HCA layers, no drafter, no shared expert. */
  FIVE_HEADS(
      Storage.BF16,
      c -> {
        c.heads = 5;
        c.groups = 5;
        c.streams = 1;
        c.ratios = new int[] {8, 8, 0, 4};
        c.window = 17;
        c.hashLayers = 2;
        c.drafters = 0;
        c.shared = 0;
        c.experts = 5;
        c.active = 3;
        c.vocab = 97;
        c.topK = 1;
      }),
  /** Released storage with ragged tiles. */
  SEVEN_HEADS(
      Storage.RELEASED,
      c -> {
        c.heads = 7;
        c.groups = 1;
        c.hidden = 200;
        c.headDim = 80;
        c.queryRank = 136;
        c.outRank = 50;
        c.moeWidth = 72;
        c.ratios = new int[] {0, 4, 128};
        c.window = 128;
        c.indexDim = 64;
        c.indexHeads = 3;
        c.topK = 8;
        c.streams = 3;
      });

  private final TinyCheckpoint checkpoint;

  TinyShape(Storage storage, Consumer<TinyConfig> changes) {
    this.checkpoint = TinyCheckpoint.of(1000 + ordinal(), storage, changes);
  }

  TinyCheckpoint checkpoint() {
    return checkpoint;
  }

  /** Seeded token ids. */
  public int[] tokens(int seed, int count) {
    return new SplittableRandom(seed).ints(count, 0, checkpoint.config().vocab).toArray();
  }
}
