package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.engine.Work;
import io.hadal.model.Model;
import io.hadal.model.cache.KvBudgetException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A full cache store refuses work and loses nothing. */
class CacheBudgetTest {
  @TempDir Path folder;

  static List<GoldenModel> models() {
    return List.of(GoldenModel.V4, GoldenModel.V41);
  }

  private static EngineOptions options() {
    return EngineOptions.defaults()
        .withContext(512)
        .withStepTokens(16)
        .withThreads(2)
        .withDrafting(true)
        .withPlainImageIds(true);
  }

  /** Bytes of a session of some tokens. */
  private static long bytes(Model model, int... tokens) {
    try (Engine engine = new Engine(model, options());
        Session session = engine.newSession()) {
      if (tokens.length > 0) {
        session.append(tokens);
      }
      return engine.store().usedBytes();
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void sessionsStayUsable(GoldenModel golden) throws Exception {
    int[] tokens = golden.tokens("p300");
    int[] start = Arrays.copyOf(tokens, 40);
    int[] rest = Arrays.copyOfRange(tokens, 40, 300);
    Path file = folder.resolve("snapshot");
    try (Model model = golden.load()) {
      float[] expectedStart;
      float[][] expectedRest;
      try (Engine engine = new Engine(model, options());
          Session session = engine.newSession()) {
        expectedStart = session.append(start);
        expectedRest = session.appendAll(rest);
      }
      // Room for one short session and an empty one, but not for a long one; what is left over
      // decides how far an attempt gets before it fails.
      long empty = bytes(model);
      long one = bytes(model, start);
      long both = 2 * bytes(model, tokens);
      for (long extra = 0; extra < empty; extra += empty / 5) {
        long budget = one + empty + extra;
        try (Engine engine = new Engine(model, options().withCacheBytes(budget));
            Session session = engine.newSession();
            Session other = engine.newSession()) {
          session.append(start);
          session.snapshot(file);
          long used = engine.store().usedBytes();
          refused(() -> engine.newSession());
          refused(() -> session.fork());
          refused(() -> other.restore(file));
          assertThat(engine.store().usedBytes()).as("nothing leaks").isEqualTo(used);

          if (budget >= both) {
            break;
          }
          refused(
              () ->
                  engine.run(
                      List.of(new Work(session, rest, false), new Work(other, tokens, false))));
          assertThat(session.tokens()).containsExactly(start);
          assertThat(other.length()).isZero();
          Rows.same("logits", session.logits(), expectedStart);

          other.close();
          Rows.same(
              "first tokens",
              session.appendAll(Arrays.copyOf(rest, 8)),
              Arrays.copyOf(expectedRest, 8));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void aPromptThatFailsHalfwayIsTakenBack(GoldenModel golden) {
    int[] tokens = golden.tokens("p300");
    int[] start = Arrays.copyOf(tokens, 40);
    int[] rest = Arrays.copyOfRange(tokens, 40, 300);
    try (Model model = golden.load()) {
      long budget = bytes(model, tokens) - 1;
      try (Engine engine = new Engine(model, options().withCacheBytes(budget));
          Session session = engine.newSession()) {
        float[] logits = session.append(start).clone();
        refused(() -> session.append(rest));
        assertThat(session.tokens()).containsExactly(start);
        Rows.same("logits", session.logits(), logits);
        float[] next = session.append(rest[0]);
        session.close();
        try (Session fresh = engine.newSession()) {
          Rows.same("next", next, fresh.append(Arrays.copyOf(tokens, 41)));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void closedSessionsMakeRoomForOthers(GoldenModel golden) {
    int[] tokens = golden.tokens("p300");
    try (Model model = golden.load()) {
      long budget = 5 * bytes(model);
      long one = bytes(model, tokens);
      assertThat(one).isLessThan(budget);
      try (Engine engine = new Engine(model, options().withCacheBytes(budget))) {
        List<Session> sessions = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
          sessions.add(engine.newSession());
        }
        refused(() -> engine.newSession());
        sessions.forEach(Session::close);
        assertThat(engine.store().usedBytes()).isZero();
        // The long session needs other pages than the short ones gave back.
        try (Session session = engine.newSession()) {
          session.append(tokens);
          assertThat(engine.store().usedBytes()).isEqualTo(one);
        }
      }
    }
  }

  private interface Action {
    void run() throws Exception;
  }

  private static void refused(Action action) {
    assertThatThrownBy(action::run)
        .isInstanceOf(KvBudgetException.class)
        .hasMessageContaining("cache budget");
  }
}
