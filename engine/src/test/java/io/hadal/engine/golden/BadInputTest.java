package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.formats.FormatException;
import io.hadal.kernels.StorageType;
import io.hadal.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong models and wrong tokens are named, not run. */
class BadInputTest {
  private static final GoldenModel GOLDEN = GoldenModel.V41;
  private static final int IMAGE = 507;
  private static final int ROWS = 6126;
  private static final String TABLE = "layers.1.engram.embed.";

  @TempDir Path folder;

  private static EngineOptions options() {
    return EngineOptions.defaults().withContext(32).withThreads(1).withDrafting(true);
  }

  @Test
  void tokensThatCannotBe() {
    try (Model model = GOLDEN.load();
        Engine engine = new Engine(model, options());
        Session session = engine.newSession()) {
      float[] logits = session.append(0, 96).clone();
      rejected(session, "image", 436, IMAGE);
      rejected(session, "512", 436, 512);
      rejected(session, "-1", -1);
      rejected(session, "no tokens");
      rejected(session, "context of 32", new int[31]);
      assertThat(session.tokens()).containsExactly(0, 96);
      Rows.same("logits", session.logits(), logits);
      float[][] expected = new float[1][];
      try (Session fresh = engine.newSession()) {
        expected[0] = fresh.append(0, 96, 436);
      }
      Rows.same("next", session.append(436), expected[0]);
    }
  }

  private static void rejected(Session session, String message, int... tokens) {
    assertThatThrownBy(() -> session.append(tokens))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void imageIdsAsPlainTokensOnRequest() {
    try (Model model = GOLDEN.load();
        Engine engine = new Engine(model, options().withPlainImageIds(true));
        Session session = engine.newSession()) {
      assertThat(session.append(0, IMAGE)).hasSize(512);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1 << 16})
  void tableShorterThanTheConfiguration(long cacheBytes) throws IOException {
    new ChangedCheckpoint(GOLDEN)
        .put(TABLE + "weight", StorageType.BF16, new byte[(ROWS - 1) * 32], ROWS - 1, 16)
        .write(folder);
    refused(cacheBytes, TABLE + "weight", "6126");
  }

  @Test
  void configurationOfAnotherTable() throws IOException {
    new ChangedCheckpoint(GOLDEN).config("6126", "6127").write(folder);
    refused(0, "6127", "6126", "Engram");
  }

  @Test
  void configurationOfAnotherHash() throws IOException {
    new ChangedCheckpoint(GOLDEN)
        .config("\"engram_vocab_size\": 1000", "\"engram_vocab_size\": 900")
        .write(folder);
    refused(0, "rows", "Engram");
  }

  @Test
  void wrongCanonicalSize() throws IOException {
    new ChangedCheckpoint(GOLDEN)
        .config("\"engram_compressed_vocab_size\": 370", "\"engram_compressed_vocab_size\": 371")
        .write(folder);
    refused(0, "370", "371", "tokenizer");
  }

  @Test
  void tokenizerOfAnotherModel() throws IOException {
    new ChangedCheckpoint(GOLDEN).write(folder);
    Path file = folder.resolve("tokenizer.json");
    String json = Files.readString(file);
    assertThat(json).contains("<｜User｜>");
    // One text in place of two gives a canonical id less.
    Files.writeString(
        file, json.replace("<｜User｜>", "<|User|>").replace("<｜Assistant｜>", "<|USER|>"));
    refused(0, "369", "370");
    Files.delete(file);
    refused(0, "tokenizer.json", "missing");
  }

  @Test
  void wrongVocabulary() throws IOException {
    new ChangedCheckpoint(GOLDEN)
        .config("\"vocab_size\": 512", "\"vocab_size\": 513")
        .write(folder);
    refused(0, "embed.weight", "513");
  }

  @Test
  void smallerVocabularyThanSpecialTokens() throws IOException {
    new ChangedCheckpoint(GOLDEN)
        .config("\"vocab_size\": 512", "\"vocab_size\": 500")
        .write(folder);
    refused(0, "dspark_noise_token_id");
  }

  @Test
  void missingTensor() throws IOException {
    new ChangedCheckpoint(GOLDEN).drop("layers.4.engram.k_weight").write(folder);
    refused(0, "layers.4.engram.k_weight");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1 << 16})
  void tableScalesThatAreNoNumbers(long cacheBytes) throws IOException {
    byte[] codes = new byte[ROWS * 16];
    Arrays.fill(codes, (byte) 0x38);
    byte[] scales = new byte[ROWS];
    Arrays.fill(scales, (byte) 0xff);
    new ChangedCheckpoint(GOLDEN)
        .put(TABLE + "weight", StorageType.F8_E4M3, codes, ROWS, 16)
        .put(TABLE + "scale", StorageType.F8_E8M0, scales, ROWS, 1)
        .write(folder);
    try (Model model = Model.load(folder, cacheBytes);
        Engine engine = new Engine(model, options());
        Session session = engine.newSession()) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> session.append(0, 96, 436))
            .isInstanceOf(FormatException.class)
            .hasMessageContaining(TABLE);
        assertThat(session.length()).isZero();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1 << 16})
  void tableOfSoundScales(long cacheBytes) throws IOException {
    byte[] codes = new byte[ROWS * 16];
    Arrays.fill(codes, (byte) 0x38);
    byte[] scales = new byte[ROWS];
    Arrays.fill(scales, (byte) 120);
    new ChangedCheckpoint(GOLDEN)
        .put(TABLE + "weight", StorageType.F8_E4M3, codes, ROWS, 16)
        .put(TABLE + "scale", StorageType.F8_E8M0, scales, ROWS, 1)
        .write(folder);
    try (Model model = Model.load(folder, cacheBytes);
        Engine engine = new Engine(model, options());
        Session session = engine.newSession()) {
      assertThat(session.append(0, 96, 436)).doesNotContain(Float.NaN);
    }
  }

  private void refused(long cacheBytes, String... parts) {
    assertThatThrownBy(() -> Model.load(folder, cacheBytes).close())
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll(parts);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1 << 16})
  void closingTwiceIsHarmless(long cacheBytes) {
    Model model = Model.load(GOLDEN.folder(), cacheBytes);
    Engine engine = new Engine(model, options());
    Session session = engine.newSession();
    Session late = engine.newSession();
    session.append(0, 96);
    late.append(0, 96);
    session.close();
    session.close();
    assertThatThrownBy(() -> session.append(436))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThat(late.append(436)).hasSize(512);
    engine.close();
    engine.close();
    late.close();
    late.close();
    model.close();
    model.close();
  }

  @Test
  void closedEnginesGiveNoSessions() {
    Engine engine = Engine.open(GOLDEN.folder(), options());
    Session session = engine.newSession();
    session.append(0, 96);
    engine.close();
    assertThatThrownBy(() -> session.append(436)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(engine::newSession).isInstanceOf(IllegalStateException.class);
    session.close();
    engine.close();
  }
}
