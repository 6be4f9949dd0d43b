package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Engine;
import io.hadal.engine.GenerationOptions;
import io.hadal.engine.GenerationResult;
import io.hadal.engine.Generator;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.engine.golden.Timelines.Setup;
import io.hadal.engine.golden.Timelines.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Forks, cuts and snapshots leave no trace: every bit is that of a fresh session. */
class TimelineGoldenTest {
  // Around the window of 16, the ratios 2, 4 and 128, and the steps of 24 tokens.
  private static final int[] LENGTHS = {
    0, 1, 2, 3, 5, 8, 15, 16, 17, 24, 33, 64, 127, 128, 130, 150
  };
  // Within the reach of the rings, at its edge, and beyond, where the kept tokens run again.
  private static final int[] CUTS = {1, 5, 16, 17, 60};

  @TempDir Path folder;

  static List<Setup> exact() {
    return Timelines.exact();
  }

  static List<Setup> all() {
    return Timelines.all();
  }

  @ParameterizedTest
  @MethodSource("exact")
  void cutsOfEveryLength(Setup setup) {
    int[] tokens = setup.golden().tokens("p200");
    int[] others = setup.golden().tokens("p300");
    try (Timelines t = new Timelines(setup);
        Session session = t.engine.newSession()) {
      for (int length : LENGTHS) {
        if (length > session.length()) {
          session.append(Arrays.copyOfRange(tokens, session.length(), length));
        }
        State expected = t.fresh(Arrays.copyOf(tokens, length));
        State.same("fork at " + length, t.state(session), expected);
        for (int cut : CUTS) {
          try (Session fork = session.fork()) {
            fork.append(Arrays.copyOfRange(others, 7, 7 + cut));
            fork.truncate(length);
            assertThat(fork.tokens()).containsExactly(Arrays.copyOf(tokens, length));
            State.same("cut of " + cut + " to " + length, t.state(fork), expected);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void snapshotsGoToOtherEngines(Setup setup) throws IOException {
    int[] tokens = setup.golden().tokens("p200");
    try (Timelines t = new Timelines(setup);
        Engine other = t.another()) {
      for (int length : new int[] {0, 1, 16, 30, 131}) {
        Path file = folder.resolve("session-" + length);
        try (Session session = other.newSession()) {
          if (length > 0) {
            session.append(Arrays.copyOf(tokens, length));
          }
          session.snapshot(file);
        }
        // It holds what somebody said.
        assertThat(Files.getPosixFilePermissions(file))
            .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        try (Session session = t.engine.newSession()) {
          session.append(5, 4, 3);
          session.restore(file);
          assertThat(session.tokens()).containsExactly(Arrays.copyOf(tokens, length));
          State.same("restored at " + length, t.state(session), t.fresh(session.tokens()));
        }
      }
      assertThat(t.engine.store().usedBytes()).isZero();
      assertThat(folder).isDirectoryNotContaining("glob:**.{part,tmp}");
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void randomOperations(Setup setup) throws IOException {
    try (Timelines t = new Timelines(setup)) {
      new RandomWalk(t, folder.resolve("snapshot"), 20_260_728).run(36);
      assertThat(t.engine.store().usedBytes()).isZero();
    }
  }

  /** A few sessions and what their tokens must be. */
  private static final class RandomWalk {
    private static final int LONGEST = 180;

    private final Timelines timelines;
    private final Path file;
    private final Random random;
    private final List<Session> sessions = new ArrayList<>();
    private final List<int[]> tokens = new ArrayList<>();
    private final Map<List<Integer>, State> fresh = new HashMap<>();
    private int[] saved = new int[0];
    private boolean hasSaved;
    private String step = "start";

    RandomWalk(Timelines timelines, Path file, long seed) {
      this.timelines = timelines;
      this.file = file;
      this.random = new Random(seed);
    }

    void run(int steps) throws IOException {
      for (int i = 0; i < steps; i++) {
        if (sessions.isEmpty() || (sessions.size() < 4 && random.nextInt(6) == 0)) {
          sessions.add(timelines.engine.newSession());
          tokens.add(new int[0]);
        }
        int which = random.nextInt(sessions.size());
        step(which);
        if (which < sessions.size()) {
          check(i, which);
        }
      }
      sessions.forEach(Session::close);
    }

    private void step(int which) throws IOException {
      Session session = sessions.get(which);
      int[] old = tokens.get(which);
      int room = LONGEST - old.length;
      switch (random.nextInt(9)) {
        case 0, 1, 2 -> {
          int[] more =
              random.ints(1 + random.nextInt(60), 0, 500).limit(Math.max(room, 1)).toArray();
          step = "append " + more.length;
          session.append(more);
          tokens.set(which, joined(old, more));
        }
        case 3, 4 -> {
          int to = random.nextBoolean() ? random.nextInt(old.length + 1) : near(old.length);
          step = "truncate " + old.length + " to " + to;
          session.truncate(to);
          tokens.set(which, Arrays.copyOf(old, to));
        }
        case 5 -> {
          step = "fork";
          sessions.add(session.fork());
          tokens.add(old);
        }
        case 6 -> generate(which, session, old);
        case 7 -> snapshotOrRestore(which, session, old);
        default -> {
          step = "close";
          session.close();
          sessions.remove(which);
          tokens.remove(which);
        }
      }
    }

    private int near(int length) {
      return Math.max(0, length - 1 - random.nextInt(18));
    }

    private void generate(int which, Session session, int[] old) {
      if (old.length == 0) {
        return;
      }
      int count = 1 + random.nextInt(8);
      step = "generate " + count;
      GenerationResult result =
          new Generator(
                  timelines.engine,
                  session,
                  new GenerationOptions(
                      count,
                      new SamplingOptions(1, 1, 0, random.nextLong()),
                      Set.of(),
                      random.nextBoolean()))
              .run((id, row) -> true);
      int[] more = result.tokens().stream().mapToInt(Integer::intValue).toArray();
      assertThat(more).hasSize(count);
      tokens.set(which, joined(old, Arrays.copyOf(more, count - 1)));
    }

    private void snapshotOrRestore(int which, Session session, int[] old) throws IOException {
      if (!hasSaved || random.nextBoolean()) {
        step = "snapshot";
        session.snapshot(file);
        saved = old;
        hasSaved = true;
      } else {
        step = "restore";
        session.restore(file);
        tokens.set(which, saved);
      }
    }

    private void check(int i, int which) {
      int[] expected = tokens.get(which);
      String what = timelines.setup + ", step " + i + ": " + step;
      assertThat(sessions.get(which).tokens()).as(what).containsExactly(expected);
      State state =
          fresh.computeIfAbsent(
              Arrays.stream(expected).boxed().toList(), key -> timelines.fresh(expected));
      State.same(what, timelines.state(sessions.get(which)), state);
    }

    private static int[] joined(int[] a, int[] b) {
      int[] out = Arrays.copyOf(a, a.length + b.length);
      System.arraycopy(b, 0, out, a.length, b.length);
      return out;
    }
  }
}
