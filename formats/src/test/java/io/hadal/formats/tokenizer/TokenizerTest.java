package io.hadal.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.TokenizerFiles.Vector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
  private static final Tokenizer V4 = TokenizerFiles.V4;

  @Test
  void vocabulary() {
    assertThat(TokenizerFiles.V3.vocabSize()).isEqualTo(128815);
    assertThat(V4.bos()).hasValue(0);
    assertThat(V4.eos()).hasValue(1);
    assertThat(V4.addBos()).isFalse();
    assertThat(V4.id("<think>")).hasValue(128821);
    assertThat(V4.isAdded(128821)).isTrue();
    assertThat(V4.isSpecial(128821)).isFalse();
    assertThat(V4.isSpecial(0)).isTrue();
    int the = V4.id("Ġthe").orElseThrow();
    assertThat(V4.token(the)).isEqualTo("Ġthe");
    assertThat(V4.tokenBytes(the)).isEqualTo(new byte[] {' ', 't', 'h', 'e'});
    assertThat(V4.isAdded(the)).isFalse();
    assertThat(V4.id(" the")).isEmpty();
  }

  @Test
  void idsWithoutTokenAreEmpty() {
    for (int id : new int[] {-1, V4.vocabSize(), Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      assertThat(V4.token(id)).isEmpty();
      assertThat(V4.tokenBytes(id)).isEmpty();
      assertThat(V4.isAdded(id)).isFalse();
      assertThat(V4.isSpecial(id)).isFalse();
      assertThat(V4.decode(new int[] {id})).isEmpty();
    }
  }

  @Test
  void configNamesBosAndEos(@TempDir Path dir) throws Exception {
    Path json = dir.resolve("tokenizer.json");
    Files.write(json, TinyTokenizers.json(TinyTokenizers.bytesOnly(), "<s>", "</s>").bytes());
    assertThat(Tokenizer.fromJson(json).bos()).isEmpty();
    Path config = dir.resolve("tokenizer_config.json");
    Files.writeString(
        config,
        """
        {"add_bos_token": true, "bos_token": {"content": "<s>"}, "eos_token": "</s>"}""");
    Tokenizer tokenizer = Tokenizer.fromJson(json);
    assertThat(tokenizer.bos()).hasValue(256);
    assertThat(tokenizer.eos()).hasValue(257);
    assertThat(tokenizer.addBos()).isTrue();
    assertThat(tokenizer.encode("a", true)).hasSize(1);
    Files.writeString(config, "{\"bos_token\": \"<bos>\"}");
    assertThatThrownBy(() -> Tokenizer.fromJson(json))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tokenizer_config.json: bos_token = \"<bos>\"");
  }

  @Test
  void threadsAgree() throws Exception {
    List<Vector> vectors = TokenizerFiles.vectors("golden_v4.json");
    Random random = new Random(9);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      texts.add(RandomText.next(random, 30));
    }
    List<int[]> expected = texts.stream().map(t -> V4.encode(t, i(t))).toList();
    Tokenizer fresh = Tokenizer.fromJson(TokenizerFiles.v4Json(), "V4");
    List<Callable<Boolean>> tasks = new ArrayList<>();
    for (int thread = 0; thread < 8; thread++) {
      int offset = thread * 61;
      tasks.add(
          () -> {
            for (int k = 0; k < texts.size(); k++) {
              int n = (k + offset) % texts.size();
              assertThat(fresh.encode(texts.get(n), i(texts.get(n)))).isEqualTo(expected.get(n));
              Vector v = vectors.get(n % vectors.size());
              assertThat(fresh.encode(v.text(), true)).isEqualTo(v.ids());
            }
            return true;
          });
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (Future<Boolean> done : threads.invokeAll(tasks)) {
        assertThat(done.get()).isTrue();
      }
    }
  }

  private static boolean i(String text) {
    return (text.hashCode() & 1) == 0;
  }
}
