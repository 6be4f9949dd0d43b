package io.hadal.engine.tiny;

import io.hadal.engine.tiny.TinyCheckpoint.Storage;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** V4.1 checkpoints of unlike shapes; nothing in them is a golden dimension. */
enum V41Shape {
  PLAIN(Storage.BF16, c -> {}),
  /** A window layer between readers of one stream, no candidates, bigrams, another rotation. */
  ONE_STREAM(
      Storage.FLOAT,
      c -> {
        c.streams = 1;
        c.hidden = 72;
        c.ratios = new int[] {0, 1, 1, 0, 1, 1};
        c.kvSources = new int[] {1};
        c.indexSources = new int[] {1, 4};
        c.candidateSource = -1;
        c.yarnFactor = 4;
        c.yarnOriginal = 64;
        c.betaFast = 16;
        c.betaSlow = 2;
        c.theta = 500;
        c.compressedTheta = 3000;
        c.engramOrder = 2;
        c.engramHeads = 3;
        c.engramDim = 5;
        c.drafters = 1;
        c.draftTargets = new int[] {0};
        c.draftBlock = 1;
      }),
  /** Groups of three, a source in the first layer, three Engram layers, odd heads, no YaRN. */
  THREE_STREAMS(
      Storage.BF16,
      c -> {
        c.streams = 3;
        c.heads = 3;
        c.groups = 3;
        c.headDim = 40;
        c.ropeDim = 8;
        c.indexHeads = 3;
        c.indexDim = 24;
        c.ratios = new int[] {3, 3, 0, 3, 3};
        c.kvSources = new int[] {0, 3};
        c.indexSources = new int[] {0, 1, 3};
        c.candidateSource = -1;
        c.yarnFactor = 0;
        c.window = 5;
        c.topK = 3;
        c.engramLayers = new int[] {0, 2, 3};
        c.engramOrder = 3;
        c.engramHeads = 1;
        c.engramPad = 11;
        c.sinkhorn = 7;
        c.drafters = 0;
      }),
  /** Thirteen layers, three streams of other ratios, released storage with ragged tiles. */
  SIX_STREAMS(
      Storage.RELEASED,
      c -> {
        c.streams = 6;
        c.hidden = 80;
        c.heads = 5;
        c.groups = 5;
        c.headDim = 56;
        c.queryRank = 40;
        c.moeWidth = 40;
        c.ratios = new int[] {0, 2, 2, 2, 0, 4, 4, 0, 1, 1, 1, 1, 1};
        c.kvSources = new int[] {1, 5, 8};
        c.indexSources = new int[] {1, 3, 5, 8, 10, 12};
        c.candidateSource = 8;
        c.candidateBlocks = 3;
        c.candidateSize = 3;
        c.topK = 7;
        c.vocab = 311;
        c.engramLayers = new int[] {1, 4, 9};
        c.engramHeads = 3;
        c.drafters = 3;
        c.draftBlock = 6;
        c.draftTargets = new int[] {4, 9, 12};
        c.draftExperts = 4;
        c.draftActive = 3;
        c.window = 9;
      }),
  /** One expert a token and no shared one; the candidates come from a stream's second indexer. */
  EIGHT_STREAMS(
      Storage.FLOAT,
      c -> {
        c.streams = 8;
        c.heads = 7;
        c.groups = 1;
        c.shared = 0;
        c.active = 1;
        c.experts = 7;
        c.draftActive = 1;
        c.ratios = new int[] {0, 4, 4, 4, 4};
        c.kvSources = new int[] {1};
        c.indexSources = new int[] {1, 2, 4};
        c.candidateSource = 2;
        c.candidateBlocks = 4;
        c.candidateSize = 2;
        c.topK = 5;
        c.limit = 0.7;
        c.routedScale = 2.25;
        c.engramLayers = new int[0];
        c.drafters = 2;
        c.draftBlock = 6;
        c.draftTargets = new int[] {1, 2, 3};
        c.window = 128;
      }),
  /** Fewer entries in the candidate blocks than a query may choose. */
  FEW_CANDIDATES(
      Storage.BF16,
      c -> {
        c.streams = 2;
        c.ratios = new int[] {1, 1, 1};
        c.kvSources = new int[] {0};
        c.indexSources = new int[] {0, 1};
        c.candidateSource = 0;
        c.candidateBlocks = 2;
        c.candidateSize = 3;
        c.topK = 12;
        c.engramLayers = new int[] {2};
        c.drafters = 0;
      }),
  /** Targets of the drafter in no particular order. */
  UNORDERED_TARGETS(Storage.BF16, c -> c.draftTargets = new int[] {5, 1, 3});

  private final TinyCheckpoint checkpoint;

  V41Shape(Storage storage, Consumer<V41Config> changes) {
    this.checkpoint = TinyCheckpoint.ofV41(4100 + ordinal(), storage, changes);
  }

  TinyCheckpoint checkpoint() {
    return checkpoint;
  }

  V41Config config() {
    return (V41Config) checkpoint.config();
  }

  /** Seeded token ids. */
  int[] tokens(int seed, int count) {
    return new SplittableRandom(seed).ints(count, 0, config().vocab).toArray();
  }
}
