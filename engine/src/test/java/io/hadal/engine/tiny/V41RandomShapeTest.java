package io.hadal.engine.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Engine;
import io.hadal.engine.Session;
import io.hadal.engine.tiny.TinyCheckpoint.Storage;
import io.hadal.model.Model;
import io.hadal.model.forward.BlockProposal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Shapes nobody thought of: whatever the configuration allows agrees with the reference. */
class V41RandomShapeTest {
  private static final double TOLERANCE = 1e-4;
  private static final int SEEDS = 24;

  @TempDir Path folder;

  static IntStream seeds() {
    return IntStream.range(0, SEEDS);
  }

  private static TinyCheckpoint checkpoint(int seed) {
    SplittableRandom r = new SplittableRandom(900 + seed);
    Storage[] storages = Storage.values();
    return TinyCheckpoint.ofV41(seed, storages[r.nextInt(storages.length)], c -> change(c, r));
  }

  private static int among(SplittableRandom r, int... values) {
    return values[r.nextInt(values.length)];
  }

  private static void change(V41Config c, SplittableRandom r) {
    c.hidden = among(r, 32, 48, 56, 64);
    c.heads = among(r, 1, 2, 3, 4, 6);
    c.groups = c.heads % 2 == 0 && r.nextBoolean() ? 2 : among(r, 1, c.heads);
    c.ropeDim = among(r, 2, 8, 16);
    c.headDim = c.ropeDim + among(r, 2, 8, 24);
    c.queryRank = among(r, 8, 24, 33);
    c.outRank = among(r, 3, 8, 12);
    c.window = among(r, 1, 2, 5, 16, 64);
    c.streams = among(r, 1, 2, 3, 4, 5, 6, 7, 8);
    c.sinkhorn = among(r, 1, 2, 20);
    c.experts = among(r, 1, 4, 7);
    c.active = Math.min(c.experts, among(r, 1, 2, 3));
    c.shared = among(r, 0, 1);
    c.moeWidth = among(r, 8, 32, 40);
    c.indexHeads = among(r, 1, 2, 5);
    c.indexDim = c.ropeDim + among(r, 0, 4, 16);
    c.topK = among(r, 1, 3, 6, 20);
    c.limit = among(r, 1, 3, 10);
    c.eps = among(r, 0, 1) == 0 ? 1e-20 : 1e-6;
    c.theta = among(r, 100, 10000);
    c.compressedTheta = among(r, 1000, 160000);
    c.yarnFactor = among(r, 0, 2, 16);
    c.yarnOriginal = among(r, 32, 512, 65536);
    layers(c, r);
    c.engramOrder = among(r, 2, 3, 5);
    c.engramHeads = among(r, 1, 2, 4);
    c.engramDim = among(r, 1, 8, 33);
    c.engramVocab = among(r, 2, 30);
    c.engramPad = r.nextInt(c.vocab);
    c.engramLayers = IntStream.range(0, c.ratios.length).filter(i -> r.nextInt(3) == 0).toArray();
    c.drafters = r.nextInt(4);
    c.draftBlock = among(r, 1, 2, 6, 9);
    c.draftTargets = new int[] {r.nextInt(c.ratios.length)};
    c.draftNoise = r.nextInt(c.vocab);
    c.draftExperts = among(r, 1, 3);
    c.draftActive = 1 + r.nextInt(c.draftExperts);
    c.markovRank = among(r, 1, 5, 16);
  }

  private static void layers(V41Config c, SplittableRandom r) {
    int count = among(r, 1, 3, 6, 9);
    c.ratios = new int[count];
    List<Integer> sources = new ArrayList<>();
    List<Integer> indexers = new ArrayList<>();
    List<Integer> candidates = new ArrayList<>(List.of(-1));
    int ratio = 0;
    for (int i = 0; i < count; i++) {
      if (r.nextInt(4) == 0) {
        continue;
      }
      if (ratio == 0 || r.nextInt(3) == 0) {
        ratio = among(r, 1, 1, 2, 3, 4, 7);
        sources.add(i);
        indexers.add(i);
        candidates.add(i);
      } else if (r.nextInt(2) == 0) {
        indexers.add(i);
        candidates.add(i);
      }
      c.ratios[i] = ratio;
    }
    c.kvSources = sources.stream().mapToInt(i -> i).toArray();
    c.indexSources = indexers.stream().mapToInt(i -> i).toArray();
    c.candidateSource = candidates.get(r.nextInt(candidates.size()));
    c.candidateBlocks = among(r, 1, 2, 4);
    c.candidateSize = among(r, 1, 2, 5);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void agrees(int seed) {
    TinyCheckpoint checkpoint = checkpoint(seed);
    V41Config c = (V41Config) checkpoint.config();
    int[] tokens = new SplittableRandom(seed).ints(48, 0, c.vocab).toArray();
    ReferenceV41 reference = ReferenceV41.of(checkpoint);
    double[][] expected = reference.logits(tokens);
    double bound =
        TOLERANCE
            * Arrays.stream(expected)
                .flatMapToDouble(Arrays::stream)
                .map(Math::abs)
                .max()
                .orElse(0);
    try (Model model = Model.load(checkpoint.write(folder));
        Engine engine =
            new Engine(model, TinyModels.options().withDrafting(true).withStepTokens(17));
        Session whole = engine.newSession();
        Session single = engine.newSession()) {
      float[][] actual = whole.appendAll(tokens);
      for (int t = 0; t < tokens.length; t++) {
        near(expected[t], actual[t], 0, bound);
        assertThat(single.append(tokens[t])).as("position %d", t).isEqualTo(actual[t]);
      }
      if (c.drafters > 0) {
        ReferenceV41.Proposal proposal = reference.propose(tokens, 3);
        BlockProposal drafted = engine.proposal(whole, 3);
        assertThat(drafted.tokens()).isEqualTo(proposal.tokens());
        for (int i = 0; i < proposal.tokens().length; i++) {
          near(proposal.logits()[i], drafted.logits(), i * c.vocab, bound);
        }
        near(proposal.confidence(), drafted.confidence(), 0, bound);
      }
    }
  }

  private static void near(double[] expected, float[] actual, int at, double bound) {
    for (int i = 0; i < expected.length; i++) {
      // Not the distance: NaN must not pass.
      assertThat((double) actual[at + i]).isBetween(expected[i] - bound, expected[i] + bound);
    }
  }
}
