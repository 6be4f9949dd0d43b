package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.Model;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TokenHealingTest {
  private final Model model;
  private final Tokenizer tokenizer;

  TokenHealingTest() throws IOException {
    model = Model.load(DemoFiles.trained(null));
    tokenizer = ModelTokenizer.find(model, null).orElseThrow();
  }

  @AfterAll
  void close() {
    model.close();
  }

  private String left(String text) {
    int[] ids = tokenizer.encode(text, false);
    TokenHealing healing = new TokenHealing(tokenizer, ids);
    String kept = tokenizer.decode(healing.kept());
    assertThat(text).startsWith(kept);
    assertThat(healing.bytesLeft()).isEqualTo(text.length() - kept.length());
    return text.substring(kept.length());
  }

  @Test
  void aBracketIsWrittenAgainBecauseItsTokenMayTakeInTheLineEnd() {
    assertThat(tokenizer.encode(" {\n", false)).hasSize(1);
    assertThat(left("int size() {")).isEqualTo(" {");
    TokenHealing healing = new TokenHealing(tokenizer, tokenizer.encode("int size() {", false));
    float[] logits = new float[tokenizer.vocabSize()];
    int open = tokenizer.encode(" {\n", false)[0];
    logits[open] = 5;
    // Likelier, but spells something else.
    logits[tokenizer.encode(" }\n", false)[0]] = 9;
    assertThat(healing.choose(logits)).isEqualTo(open);
    healing.accept(open);
    assertThat(healing.bytesLeft()).isZero();
  }

  @Test
  void aWordIsWrittenAgainFromItsBlank() {
    assertThat(left("return th")).isEqualTo(" th");
    assertThat(left("x = foo.barBaz")).isNotEmpty();
  }

  @Test
  void nothingIsLeftBehindALineEnd() {
    assertThat(left("int a;\n")).isEmpty();
    assertThat(left("")).isEmpty();
  }
}
