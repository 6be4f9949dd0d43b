package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.engine.Engine;
import io.hadal.engine.Session;
import io.hadal.engine.golden.Timelines.Setup;
import io.hadal.formats.FormatException;
import io.hadal.model.config.NumericMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Damaged or foreign snapshots are refused, and the session stays what it was. */
class SnapshotDamageTest {
  private static final int[] TOKENS = GoldenModel.V41.tokens("p63");

  @TempDir Path folder;

  static List<Setup> setups() {
    return Timelines.all();
  }

  @ParameterizedTest
  @MethodSource("setups")
  void damagedFiles(Setup setup) throws IOException {
    Path file = folder.resolve("session");
    try (Timelines t = new Timelines(setup);
        Session session = t.engine.newSession()) {
      session.append(TOKENS);
      session.snapshot(file);
      session.truncate(20);
      byte[] good = Files.readAllBytes(file);
      float[] logits = session.logits();
      long used = t.engine.store().usedBytes();
      Random random = new Random(7);
      for (int i = 0; i < 150; i++) {
        byte[] bad = good.clone();
        // Every byte of the header, then a spread over the rest.
        int at = i < 24 ? i : random.nextInt(good.length);
        bad[at] ^= (byte) (1 << random.nextInt(8));
        refused(session, file, bad, "bit flipped in byte " + at);
      }
      for (int i = 0; i < 40; i++) {
        int length = i < 30 ? i : random.nextInt(good.length);
        refused(session, file, Arrays.copyOf(good, length), "cut to " + length);
      }
      refused(session, file, Arrays.copyOf(good, good.length - 1), "last byte missing");
      refused(session, file, Arrays.copyOf(good, good.length + 1), "a byte too many");
      assertThat(t.engine.store().usedBytes()).isEqualTo(used);
      Rows.same("logits", session.logits(), logits);
      assertThat(session.tokens()).containsExactly(Arrays.copyOf(TOKENS, 20));
      Timelines.State.same("session", t.state(session), t.fresh(session.tokens()));

      Files.write(file, good);
      session.restore(file);
      assertThat(session.tokens()).containsExactly(TOKENS);
    }
  }

  private static void refused(Session session, Path file, byte[] bad, String what)
      throws IOException {
    Files.write(file, bad);
    assertThatThrownBy(() -> session.restore(file))
        .as(what)
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void snapshotsOfOtherOptionsAndModels() throws IOException {
    Path file = folder.resolve("session");
    Setup plain = new Setup(GoldenModel.V41, false, NumericMode.EXACT);
    try (Timelines t = new Timelines(plain);
        Session session = t.engine.newSession()) {
      session.append(TOKENS);
      session.snapshot(file);
      try (Engine steps = t.newEngine(25);
          Session other = steps.newSession()) {
        assertThatThrownBy(() -> other.restore(file)).isInstanceOf(FormatException.class);
      }
    }
    for (Setup setup :
        List.of(
            new Setup(GoldenModel.V41, true, NumericMode.EXACT),
            new Setup(GoldenModel.V41, false, NumericMode.OFFICIAL),
            new Setup(GoldenModel.V41, false, NumericMode.KVQ),
            new Setup(GoldenModel.V4, false, NumericMode.EXACT))) {
      try (Timelines t = new Timelines(setup);
          Session other = t.engine.newSession()) {
        assertThatThrownBy(() -> other.restore(file))
            .as(setup.toString())
            .isInstanceOf(FormatException.class);
        assertThat(other.length()).isZero();
      }
    }
  }
}
