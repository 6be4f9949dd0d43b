package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class TokenizeCommandTest {
  private static final int BOS = 0;
  private static final int USER = 500;

  @TempDir private Path folder = Path.of("");

  private static Invocation tokenize(String... more) {
    String[] args = new String[more.length + 3];
    args[0] = "tokenize";
    args[1] = "--tokenizer";
    args[2] = TestModel.TOKENIZER.toString();
    System.arraycopy(more, 0, args, 3, more.length);
    return Invocation.hadal(args);
  }

  private static int[] ids(Invocation run) {
    assertThat(run.exitCode()).as(run.err()).isZero();
    return TestModel.ints(TestModel.json(run).path("ids"));
  }

  @Test
  void jsonHoldsIdsAndTokens() {
    Invocation run = tokenize("--json", "public<｜User｜> class");
    assertThat(ids(run)).containsExactly(361, USER, 439);
    JsonNode tokens = TestModel.json(run).path("tokens");
    assertThat(tokens.get(1).stringValue()).isEqualTo("<｜User｜>");
    assertThat(tokens.get(2).stringValue()).isEqualTo("Ġclass");
  }

  @Test
  void plainOutputIsOneLineOfIds() {
    assertThat(tokenize("public class").out()).isEqualTo("361 439" + System.lineSeparator());
    assertThat(tokenize("").out()).isEqualTo(System.lineSeparator());
  }

  @Test
  void bosOnlyOnRequest() {
    assertThat(ids(tokenize("--json", "--bos", "public"))).containsExactly(BOS, 361);
    assertThat(ids(tokenize("--json", "public"))).containsExactly(361);
  }

  @Test
  void specialTokensCanBeOrdinaryText() {
    int[] ids = ids(tokenize("--json", "--no-special", "<｜User｜>"));
    assertThat(ids).hasSizeGreaterThan(3).doesNotContain(USER);
  }

  @Test
  void argumentsNameFilesUnlessToldOtherwise() throws IOException {
    Path file = TestModel.write(folder.resolve("text"), "public class");
    assertThat(ids(tokenize("--json", file.toString()))).containsExactly(361, 439);
    assertThat(ids(tokenize("--json", "--text", file.toString()))).hasSizeGreaterThan(2);
    Invocation absent = tokenize("--file", folder.resolve("absent").toString());
    assertThat(absent.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(absent.err()).contains("no such file");
    // A folder or an impossible name is text.
    assertThat(tokenize(folder.toString()).exitCode()).isZero();
    assertThat(tokenize("a\0b").exitCode()).isZero();
  }

  @Test
  void standardInputIsUtf8() {
    Invocation run = TestModel.withInput("中文", () -> tokenize("--json", "-"));
    assertThat(ids(run)).containsExactly(408);
  }

  @Test
  void brokenUtf8IsAnError() throws IOException {
    Path file = Files.write(folder.resolve("latin1"), new byte[] {'a', (byte) 0xe9, 'b'});
    Invocation run = tokenize(file.toString());
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains("UTF-8");
  }

  @Test
  void decodeIsTheWayBack() {
    String text = "Ünïcode 😀 <｜User｜>\n\n  public class";
    Invocation run = tokenize("--json", "--text", text);
    for (String input : new String[] {run.out(), TestModel.json(run).path("ids").toString()}) {
      Invocation back = TestModel.withInput(input, () -> tokenize("--decode", "-"));
      assertThat(back.exitCode()).isZero();
      assertThat(back.out()).isEqualTo(text);
    }
    assertThat(tokenize("--decode", "361", "439").out()).isEqualTo("public class");
    assertThat(tokenize("--decode", "361, 439").out()).isEqualTo("public class");
    assertThat(tokenize("--decode", "--no-special", "361 500 439").out()).isEqualTo("public class");
  }

  @Test
  void modelWithoutTokenizerNamesTheRemedy() {
    Invocation run = TestModel.on("tokenize", "text");
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains("--tokenizer FILE");
  }

  @Test
  void modelFolderNeedsNoWeights() {
    Path only = TestModel.FOLDER.resolve("tokenizer-only");
    assertThat(Invocation.hadal("tokenize", "--model", only.toString(), "public").out().strip())
        .isEqualTo("361");
  }

  @Test
  void wrongArguments() throws IOException {
    assertThat(tokenize().exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(tokenize("two", "texts").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(tokenize("--decode", "--json", "1").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(Invocation.hadal("tokenize", "text").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(TestModel.on("tokenize", "--tokenizer", "x", "text").exitCode())
        .isEqualTo(ExitCode.USAGE);
    for (String ids : new String[] {"12 x", "99999999999", "{\"a\":1}", "[1,", "[1.5]", "[-1]"}) {
      Invocation run = tokenize("--decode", ids);
      assertThat(run.exitCode()).as(ids).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(run.err()).hasLineCount(1);
    }
    Path broken = TestModel.write(folder.resolve("tokenizer.json"), "{}");
    assertThat(Invocation.hadal("tokenize", "--tokenizer", broken.toString(), "text").exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }
}
