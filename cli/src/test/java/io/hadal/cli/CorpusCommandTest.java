package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way from source jars to token ids. Maven is not needed: the artifacts are there already. */
class CorpusCommandTest {
  private static final String NO_MAVEN = "no-such-maven";

  @TempDir private Path folder = Path.of("");

  private Path at(String name) {
    return folder.resolve(name);
  }

  private void artifact(String name, long seed) throws IOException {
    Path artifacts = Files.createDirectories(at("corpus/artifacts"));
    Files.writeString(
        artifacts.resolve("g_" + name + "_1.pom"),
        "<project><licenses><license><name>Apache-2.0</name></license></licenses></project>");
    SplittableRandom random = new SplittableRandom(seed);
    try (ZipOutputStream zip =
        new ZipOutputStream(
            Files.newOutputStream(artifacts.resolve("g_" + name + "_1-sources.jar")))) {
      for (int i = 0; i < 30; i++) {
        StringBuilder text = new StringBuilder("package p;\n\nclass C" + i + " {\n");
        for (int k = 0; k < 30; k++) {
          text.append("  int field").append(random.nextInt(100_000)).append(" = ");
          text.append(Long.toString(random.nextLong(1L << 40), 36)).append(";\n");
        }
        zip.putNextEntry(new ZipEntry("p/C" + i + ".java"));
        zip.write(text.append("}\n").toString().getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private Invocation build(String list, String... more) throws IOException {
    Path sources = Files.writeString(at("sources.txt"), list);
    String[] args = {
      "corpus",
      "build",
      "--quiet",
      "--out",
      at("corpus").toString(),
      "--sources",
      sources.toString(),
      "--maven",
      NO_MAVEN
    };
    return run(args, more);
  }

  private Invocation train(String... more) {
    String[] args = {
      "tokenizer", "train", "--corpus", at("corpus").toString(), "--out", at("tokenizer").toString()
    };
    return run(args, more);
  }

  private Invocation encode(String... more) {
    String[] args = {
      "corpus",
      "encode",
      "--corpus",
      at("corpus").toString(),
      "--tokenizer",
      at("tokenizer").toString(),
      "--out",
      at("tokens").toString()
    };
    return run(args, more);
  }

  private static Invocation run(String[] args, String[] more) {
    return Invocation.hadal(
        Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray(String[]::new));
  }

  @Test
  void fromJarsToTokens() throws IOException {
    artifact("a", 1);
    artifact("b", 2);
    Invocation build = build("train alpha g:a:1\ntest beta g:b:1\n");
    assertThat(build.exitCode()).as(build.err()).isZero();
    assertThat(build.out()).contains("60 source files, 60 kept", "Apache-2.0");
    assertThat(build.err()).isEmpty();

    Invocation train = train("--vocab-size", "400");
    assertThat(train.exitCode()).as(train.err()).isZero();
    assertThat(train.out()).contains("400 tokens");
    assertThat(train.err()).contains("merging pairs");

    Invocation encode = encode("--fim-rate", "0.5", "--mix", "java=2,python=3");
    assertThat(encode.exitCode()).as(encode.err()).isZero();
    assertThat(encode.out()).contains("train").contains("bytes per token");
    assertThat(at("tokens/train/tokens.bin")).isNotEmptyFile();

    // The folder of tokens can be a model folder: it holds the tokenizer.
    Invocation ids =
        Invocation.hadal("tokenize", "--model", at("tokens").toString(), "--bos", "<｜fim▁hole｜>");
    assertThat(ids.exitCode()).as(ids.err()).isZero();
    assertThat(ids.out().strip()).startsWith("0 ").hasSizeLessThan(8);
  }

  @Test
  void leftOutArtifactsAreNamedOnStderr() throws IOException {
    artifact("a", 1);
    artifact("b", 2);
    Files.writeString(at("corpus/artifacts/g_b_1.pom"), "<project/>");
    Invocation build = build("train alpha g:a:1\ntest beta g:b:1\n");
    assertThat(build.exitCode()).isZero();
    assertThat(build.err()).hasLineCount(1).contains("g:b:1 left out");
  }

  @Test
  void errorsNameTheRemedy() throws IOException {
    artifact("a", 1);
    Invocation maven = build("train alpha g:a:1\ntrain alpha g:absent:1\n");
    assertThat(maven.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(maven.err()).contains(NO_MAVEN, "--maven").hasLineCount(1);

    Invocation list = build("train alpha\n");
    assertThat(list.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(list.err()).contains("sources.txt line 1").hasLineCount(1);

    assertThat(train().exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(train().err()).contains("manifest.json: no such file");

    assertThat(build("train alpha g:a:1\n").exitCode()).isZero();
    Invocation large = train("--vocab-size", "100000");
    assertThat(large.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(large.err()).contains("--vocab-size");
    assertThat(encode().exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(encode().err()).contains("tokenizer: no such file");
  }

  @Test
  void wrongUsage() throws IOException {
    assertThat(Invocation.hadal("corpus").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(Invocation.hadal("tokenizer").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(Invocation.hadal("corpus", "build").exitCode()).isEqualTo(ExitCode.USAGE);
    for (String[] wrong :
        new String[][] {
          {"--duplicates", "0"}, {"--infile", "1"}, {"--max-file", "0"}, {"--threads", "0"}
        }) {
      Invocation run = build("train alpha g:a:1\n", wrong);
      assertThat(run.exitCode()).as(wrong[0]).isEqualTo(ExitCode.USAGE);
    }
    assertThat(train("--vocab-size", "10").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(encode("--fim-rate", "2").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(encode("--mix", "cobol=1").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(encode("--mix", "java=-1").exitCode()).isEqualTo(ExitCode.USAGE);
  }
}
