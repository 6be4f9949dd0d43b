package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.GenerationOptions;
import io.hadal.engine.GenerationResult;
import io.hadal.engine.Generator;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.engine.serving.DispatcherStats;
import io.hadal.engine.serving.GenerationEnd;
import io.hadal.engine.serving.GenerationListener;
import io.hadal.engine.serving.GenerationRequest;
import io.hadal.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Speculation changes how fast tokens come, never which, nor how they are distributed. */
class SpeculationGoldenTest {
  /** Ids whose logits differ from zero in a peaked model. */
  private static final List<Integer> PEAKS = List.of(7, 100, 222, 391);

  private static final int TOKENS = 32;

  @TempDir Path folder;

  static List<GoldenModel> models() {
    return List.of(GoldenModel.V4, GoldenModel.V41);
  }

  /**
   * A model that tells few tokens apart, so that a drafter with random weights is right now and
   * then: the other rows of the head are zero.
   */
  private Path peaked(GoldenModel golden) throws IOException {
    ChangedCheckpoint checkpoint = new ChangedCheckpoint(golden);
    for (String head : List.of("head.weight", "mtp.2.markov_head.head.weight")) {
      if (head.equals("head.weight") || golden == GoldenModel.V41) {
        checkpoint.edit(
            head,
            data -> {
              long row = data.byteSize() / 512;
              for (int id = 0; id < 512; id++) {
                if (!PEAKS.contains(id)) {
                  data.asSlice(id * row, row).fill((byte) 0);
                }
              }
            });
      }
    }
    return checkpoint.write(Files.createDirectory(folder.resolve(golden.toString())));
  }

  private static EngineOptions options(boolean drafting) {
    return EngineOptions.defaults()
        .withContext(256)
        .withStepTokens(64)
        .withThreads(2)
        .withDrafting(drafting);
  }

  private record Run(GenerationResult result, float[][] logits) {}

  private static Run generate(
      Engine engine, Session prompt, SamplingOptions sampling, boolean speculate, int count) {
    List<float[]> rows = new ArrayList<>();
    try (Session session = prompt.fork()) {
      GenerationResult result =
          new Generator(
                  engine, session, new GenerationOptions(count, sampling, Set.of(), speculate))
              .run((id, row) -> rows.add(row.clone()));
      assertThat(session.length()).isEqualTo(prompt.length() + result.tokens().size() - 1);
      return new Run(result, rows.toArray(float[][]::new));
    }
  }

  private static List<SamplingOptions> samplings() {
    List<SamplingOptions> all = new ArrayList<>();
    all.add(SamplingOptions.greedy());
    for (int seed = 1; seed <= 3; seed++) {
      all.add(new SamplingOptions(1, 1, 0, seed));
    }
    all.add(new SamplingOptions(0.7, 0.9, 0, 5));
    all.add(new SamplingOptions(1, 1, 3, 6));
    return all;
  }

  @ParameterizedTest
  @MethodSource("models")
  void sameTokensAndLogits(GoldenModel golden) throws IOException {
    same(golden, golden.folder());
  }

  @ParameterizedTest
  @MethodSource("models")
  void sameTokensAndLogitsWhenGuessesHold(GoldenModel golden) throws IOException {
    assertThat(same(golden, peaked(golden))).as("accepted guesses").isGreaterThan(8);
  }

  /** Accepted guesses of all runs. */
  private static int same(GoldenModel golden, Path checkpoint) {
    int[] prompt = golden.tokens("p63");
    if (golden == GoldenModel.V41) {
      // The prompt may hold the id of an image, which needs one here.
      prompt = Arrays.stream(prompt).filter(id -> id != 507).toArray();
    }
    int accepted = 0;
    try (Model model = Model.load(checkpoint);
        Engine plain = new Engine(model, options(false));
        Engine drafting = new Engine(model, options(true));
        Session expectedPrompt = plain.newSession();
        Session actualPrompt = drafting.newSession()) {
      expectedPrompt.append(prompt);
      actualPrompt.append(prompt);
      for (SamplingOptions sampling : samplings()) {
        Run expected = generate(plain, expectedPrompt, sampling, false, TOKENS);
        Run idle = generate(drafting, actualPrompt, sampling, false, TOKENS);
        Run actual = generate(drafting, actualPrompt, sampling, true, TOKENS);
        assertThat(idle.result().tokens()).isEqualTo(expected.result().tokens());
        assertThat(actual.result().tokens())
            .as(sampling.toString())
            .isEqualTo(expected.result().tokens());
        Rows.same(sampling.toString(), actual.logits(), expected.logits());

        assertThat(expected.result().drafted()).isZero();
        assertThat(idle.result().drafted()).isZero();
        counters(actual.result(), golden == GoldenModel.V4);
        accepted += actual.result().accepted();
      }
    }
    return accepted;
  }

  /** Cut back and continued, a block drafter proposes what it would have without the rest. */
  @Test
  void blockDraftersCanBeCutBack() throws IOException {
    int[] tokens = Arrays.stream(GoldenModel.V41.tokens("p63")).filter(id -> id != 507).toArray();
    try (Model model = Model.load(GoldenModel.V41.folder());
        Engine engine = new Engine(model, options(true));
        Session cut = engine.newSession();
        Session fresh = engine.newSession()) {
      cut.append(tokens);
      int kept = tokens.length - 5;
      assertThat(cut.canRewind(kept)).isTrue();
      cut.rewind(kept);
      fresh.append(Arrays.copyOf(tokens, kept));
      assertThat(cut.append(7, 8, 9)).isEqualTo(fresh.append(7, 8, 9));
      assertThat(engine.proposal(cut, 4).logits()).isEqualTo(engine.proposal(fresh, 4).logits());
    }
    try (Model model = Model.load(GoldenModel.V4.folder());
        Engine engine = new Engine(model, options(true));
        Session session = engine.newSession()) {
      session.append(1, 2, 3, 4);
      assertThat(session.canRewind(3)).isFalse();
    }
  }

  /** Many answers at once, each with guesses of its own. */
  @ParameterizedTest
  @MethodSource("models")
  void servedTogetherTokensAreTheSame(GoldenModel golden) throws Exception {
    int[] prompt = Arrays.stream(golden.tokens("p63")).filter(id -> id != 507).toArray();
    try (Model model = Model.load(peaked(golden));
        Engine plain = new Engine(model, options(false));
        Engine drafting = new Engine(model, options(true));
        Dispatcher dispatcher =
            new Dispatcher(drafting, DispatcherOptions.defaults().withLimits(4, 100, 100))) {
      List<List<Integer>> expected = new ArrayList<>();
      List<Answer> actual = new ArrayList<>();
      for (SamplingOptions sampling : samplings()) {
        for (int length : new int[] {1, 30, prompt.length}) {
          int[] part = Arrays.copyOf(prompt, length);
          try (Session session = plain.newSession()) {
            session.append(part);
            expected.add(generate(plain, session, sampling, false, TOKENS).result().tokens());
          }
          Answer answer = new Answer();
          dispatcher.submit(
              GenerationRequest.of(part, TOKENS, "t").toBuilder().sampling(sampling).build(),
              answer);
          actual.add(answer);
        }
      }
      for (int i = 0; i < actual.size(); i++) {
        assertThat(actual.get(i).done.get(60, TimeUnit.SECONDS)).isEqualTo(expected.get(i));
      }
      DispatcherStats stats = dispatcher.stats();
      // How many hold depends on how many are worth a look here; some are always tried.
      assertThat(stats.draftedTokens()).isPositive();
      assertThat(stats.acceptedTokens()).isBetween(0L, stats.draftedTokens());
      assertThat(stats.generatedTokens()).isEqualTo(TOKENS * (long) actual.size());
    }
  }

  private static final class Answer implements GenerationListener {
    final CompletableFuture<List<Integer>> done = new CompletableFuture<>();
    private final List<Integer> tokens = new ArrayList<>();

    @Override
    public void onToken(int choice, int id, double logprob, List<TokenLogprob> top) {
      tokens.add(id);
    }

    @Override
    public void onEnd(int choice, GenerationEnd end) {
      done.complete(tokens);
    }

    @Override
    public void onError(RuntimeException cause) {
      done.completeExceptionally(cause);
    }
  }

  private static void counters(GenerationResult result, boolean singleGuesses) {
    assertThat(result.tokens()).hasSize(TOKENS);
    assertThat(result.accepted()).isBetween(0, result.drafted());
    // Every step makes a token of its own; all but the last two verify a guess or more.
    int steps = TOKENS - result.accepted();
    if (singleGuesses) {
      assertThat(result.drafted()).isBetween(steps - 2, steps);
    } else {
      assertThat(result.drafted()).isBetween(steps - 2, 5 * steps);
    }
  }

  /** Chi-square of the first tokens of many seeds against the probabilities of the model. */
  @ParameterizedTest
  @MethodSource("models")
  void sampledTokensFollowTheModel(GoldenModel golden) throws IOException {
    int seeds = 500;
    int kept = 4;
    int[] prompt = golden.tokens("p17");
    try (Model model = Model.load(peaked(golden));
        Engine engine = new Engine(model, options(true));
        Session session = engine.newSession()) {
      session.append(prompt);
      Map<List<Integer>, Double> expected = new TreeMap<>(LEXICOGRAPHIC);
      paths(session, kept, 3, List.of(), 1, expected);
      List<Map<List<Integer>, Integer>> counts = new ArrayList<>();
      IntStream.range(0, 3).forEach(i -> counts.add(new TreeMap<>(LEXICOGRAPHIC)));
      int accepted = 0;
      for (int seed = 0; seed < seeds; seed++) {
        // A fourth token keeps the third within the reach of guesses.
        GenerationResult result =
            generate(engine, session, new SamplingOptions(1, 1, kept, seed), true, 4).result();
        accepted += result.accepted();
        for (int n = 1; n <= 3; n++) {
          counts.get(n - 1).merge(result.tokens().subList(0, n), 1, Integer::sum);
        }
      }
      assertThat(accepted).as("accepted guesses").isGreaterThan(seeds / 20);
      for (int n = 1; n <= 3; n++) {
        follows(expected, counts.get(n - 1), n, seeds);
      }
    }
  }

  private static final Comparator<List<Integer>> LEXICOGRAPHIC =
      Comparator.comparing(List::toString);

  /** Probabilities of every beginning of up to {@code depth} tokens. */
  private static void paths(
      Session session,
      int kept,
      int depth,
      List<Integer> path,
      double probability,
      Map<List<Integer>, Double> out) {
    float[] logits = session.logits();
    int[] best =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -logits[i]))
            .limit(kept)
            .mapToInt(Integer::intValue)
            .toArray();
    double sum = 0;
    for (int id : best) {
      sum += Math.exp(logits[id] - logits[best[0]]);
    }
    for (int id : best) {
      List<Integer> longer = new ArrayList<>(path);
      longer.add(id);
      double p = probability * Math.exp(logits[id] - logits[best[0]]) / sum;
      out.put(longer, p);
      if (depth > 1) {
        try (Session next = session.fork()) {
          next.append(id);
          paths(next, kept, depth - 1, longer, p, out);
        }
      }
    }
  }

  private static void follows(
      Map<List<Integer>, Double> expected, Map<List<Integer>, Integer> counts, int n, int seeds) {
    double chiSquare = 0;
    int cells = 0;
    double restExpected = 0;
    int restCount = 0;
    int total = 0;
    for (Map.Entry<List<Integer>, Double> e : expected.entrySet()) {
      if (e.getKey().size() != n) {
        continue;
      }
      int count = counts.getOrDefault(e.getKey(), 0);
      total += count;
      double mean = e.getValue() * seeds;
      if (mean < 5) {
        restExpected += mean;
        restCount += count;
      } else {
        chiSquare += (count - mean) * (count - mean) / mean;
        cells++;
      }
    }
    assertThat(total).as("all samples lie on the expected paths").isEqualTo(seeds);
    if (restExpected > 0) {
      chiSquare += (restCount - restExpected) * (restCount - restExpected) / restExpected;
      cells++;
    }
    assertThat(cells).isGreaterThan(2);
    // Mean and deviation of the chi-square distribution; beyond four deviations lies about 1e-3.
    double freedom = cells - 1;
    assertThat(chiSquare)
        .as("chi-square of %d tokens, %d cells", n, cells)
        .isLessThan(freedom + 4 * Math.sqrt(2 * freedom));
  }
}
