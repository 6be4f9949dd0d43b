package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.Json;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.train.corpus.EncodedCorpus;
import io.hadal.train.corpus.EncodedSplit;
import io.hadal.train.corpus.Split;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Training tokens in shares of code, documentation, exercises and projects; and a yardstick. */
class CorpusMixTest {
  private static final int FILES = 60;

  @TempDir private static Path shared = Path.of("");

  @TempDir private Path folder = Path.of("");

  @BeforeAll
  static void corpusAndTokenizer() throws IOException {
    artifact("a", "own");
    artifact("b", "foreign");
    Path list = shared.resolve("sources.txt");
    Files.writeString(list, "train alpha g:a:1\ntest beta g:b:1\n");
    run(
        "corpus",
        "build",
        "--quiet",
        "--maven",
        "none",
        "--duplicates",
        "1",
        "--infile",
        "0",
        "--out",
        corpus(),
        "--sources",
        list.toString());
    run(
        "tokenizer",
        "train",
        "--quiet",
        "--vocab-size",
        "800",
        "--corpus",
        corpus(),
        "--out",
        shared.resolve("tokenizer").toString());
  }

  private static String corpus() {
    return shared.resolve("corpus").toString();
  }

  /**
   * Classes of eight packages that import each other; a third of them hardly more than comments.
   */
  private static void artifact(String name, String word) throws IOException {
    Path artifacts = Files.createDirectories(shared.resolve("corpus/artifacts"));
    Files.writeString(
        artifacts.resolve("g_" + name + "_1.pom"),
        "<project><licenses><license><name>Apache-2.0</name></license></licenses></project>");
    SplittableRandom random = new SplittableRandom(name.hashCode());
    try (ZipOutputStream zip =
        new ZipOutputStream(
            Files.newOutputStream(artifacts.resolve("g_" + name + "_1-sources.jar")))) {
      for (int i = 0; i < FILES; i++) {
        zip.putNextEntry(new ZipEntry(word + i % 8 + "/C" + i + ".java"));
        zip.write(source(word, i, random).getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private static String source(String word, int i, SplittableRandom random) {
    StringBuilder text = new StringBuilder("package " + word + i % 8 + ";\n\n");
    if (i > 0) {
      int other = random.nextInt(i);
      text.append("import ").append(word).append(other % 8).append(".C").append(other);
      text.append(";\n\n");
    }
    if (i % 3 == 0) {
      text.append("/**\n");
      for (int k = 0; k < 25; k++) {
        text.append(" * The ").append(Long.toString(random.nextLong(1L << 40), 36));
        text.append(" of all values.\n");
      }
      text.append(" */\n");
    }
    text.append("public class C").append(i).append(" {\n");
    for (int k = 0; k < 4; k++) {
      String id = word + Long.toString(random.nextLong(1L << 30), 36);
      text.append(
          """
            /**
             * Adds the numbers below the limit to NAME and says how many there were.
             *
             * @param limit first number that does not count
             */
            public int NAME(String key, int limit, int most) {
              int sum = 0;
              for (int i = 0; i < limit; i++) {
                sum += i - most;
              }
              return key == null ? sum : check(limit, most);
            }

          """
              // Other words in the test project: what shares text with it leaves training.
              .replaceAll("limit|sum|most", word + "$0")
              .replace("NAME", id));
    }
    return text.append("}\n").toString();
  }

  private static Invocation run(String... args) {
    Invocation run = Invocation.hadal(args);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return run;
  }

  private Invocation encode(String out, String config, String... more) throws IOException {
    Path file = Files.writeString(folder.resolve("mix.json"), config);
    String[] args = {
      "corpus",
      "encode",
      "--quiet",
      "--corpus",
      corpus(),
      "--tokenizer",
      shared.resolve("tokenizer").toString(),
      "--out",
      folder.resolve(out).toString(),
      "--mix-config",
      file.toString()
    };
    return Invocation.hadal(Stream.concat(Stream.of(args), Stream.of(more)).toArray(String[]::new));
  }

  private List<String> train(String out) throws IOException {
    EncodedCorpus encoded = EncodedCorpus.open(folder.resolve(out));
    Tokenizer tokenizer = Tokenizer.fromJson(encoded.tokenizerJson());
    List<String> texts = new ArrayList<>();
    try (EncodedSplit split = encoded.split(Split.TRAIN)) {
      for (long d = 0; d < split.documents(); d++) {
        long start = split.documentStart(d);
        int[] ids = new int[(int) (split.documentStart(d + 1) - start)];
        split.read(start, ids, 0, ids.length);
        texts.add(tokenizer.decode(ids));
      }
    }
    return texts;
  }

  @Test
  void everyPartGetsItsShare() throws IOException {
    Invocation run =
        encode("tokens", "{\"pack_tokens\": 3000, \"max_repeats\": 8, \"fim_rate\": 0.3}");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("code", "docs", "synthetic", "project", "50.0% wanted");

    JsonNode meta = Json.parse(folder.resolve("tokens/meta.json"), 1 << 20);
    assertThat(meta.at("/options/fim_rate").asDouble(0)).isEqualTo(0.3);
    JsonNode parts = meta.at("/splits/train/parts");
    double total = meta.at("/splits/train/tokens").asDouble(0);
    for (JsonNode part : parts) {
      assertThat(part.path("falls_short").asBoolean(true)).as(run.out()).isFalse();
      assertThat(part.path("tokens").asDouble(0) / total)
          .isCloseTo(part.path("share").asDouble(0), within(0.05));
    }

    List<String> texts = train("tokens");
    assertThat(texts)
        .anyMatch(t -> t.contains("<｜User｜>") && t.contains("<｜Assistant｜></think>"))
        .anyMatch(t -> t.contains("// This method has a bug."))
        // Held-out projects give nothing, exercises neither.
        .noneMatch(t -> t.contains("foreign"));
    List<String> packs =
        texts.stream().filter(t -> t.split("<｜begin▁of▁file▁name｜>", -1).length > 2).toList();
    assertThat(packs).isNotEmpty();
    int inFront = 0;
    for (String pack : packs) {
      String last = pack.substring(pack.lastIndexOf("<｜begin▁of▁file▁name｜>"));
      var imported = java.util.regex.Pattern.compile("import own(\\d)\\.(C\\d+);").matcher(last);
      if (imported.find()) {
        String path = "own" + imported.group(1) + "/" + imported.group(2) + ".java";
        inFront += pack.indexOf(path) >= 0 ? 1 : 0;
      }
    }
    assertThat(inFront).isPositive();

    // Questions are not learnt, so there is a mark for each token.
    byte[] marks = Files.readAllBytes(folder.resolve("tokens/train/targets.bin"));
    assertThat(marks).hasSize((int) total).contains(0, 1);

    Invocation again =
        encode(
            "again", "{\"pack_tokens\": 3000, \"max_repeats\": 8, \"fim_rate\": 0.3}",
            "--threads", "1");
    assertThat(again.out()).isEqualTo(run.out());
    assertThat(folder.resolve("again/train/tokens.bin"))
        .hasSameBinaryContentAs(folder.resolve("tokens/train/tokens.bin"));
    assertThat(folder.resolve("again/meta.json"))
        .hasSameTextualContentAs(folder.resolve("tokens/meta.json"));
  }

  @Test
  void tooLittleTextIsSaid() throws IOException {
    Invocation run =
        encode(
            "tokens",
            "{\"shares\": {\"code\": 0.5, \"docs\": 0.5}, \"tokens\": 10000000,"
                + " \"max_repeats\": 2, \"languages\": {\"java\": 1}}");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("too little text", "used 2.00 times");
    JsonNode parts =
        Json.parse(folder.resolve("tokens/meta.json"), 1 << 20).at("/splits/train/parts");
    assertThat(parts.at("/docs/falls_short").asBoolean(false)).isTrue();
    assertThat(parts.at("/docs/rounds").asInt(0)).isEqualTo(2);
    assertThat(parts.at("/synthetic/tokens").asInt(1)).isZero();
    assertThat(folder.resolve("tokens/train/targets.bin")).doesNotExist();
  }

  @Test
  void optionsWinOverTheFile() throws IOException {
    Invocation run =
        encode(
            "tokens",
            "{\"shares\": {\"code\": 1}, \"fim_rate\": 0.9, \"name_rate\": 0}",
            "--fim-rate",
            "0",
            "--mix",
            "java=0.5");
    assertThat(run.exitCode()).as(run.err()).isZero();
    JsonNode options = Json.parse(folder.resolve("tokens/meta.json"), 1 << 20).path("options");
    assertThat(options.path("fim_rate").asDouble(1)).isZero();
    assertThat(options.path("mix").asString("")).contains("java=0.5");
    assertThat(train("tokens").size()).isBetween(FILES / 4, FILES * 3 / 4);
  }

  @Test
  void wrongFilesAreRefused() throws IOException {
    for (String[] wrong :
        new String[][] {
          {"{\"share\": {}}", "unknown key share"},
          {"{\"shares\": {\"cod\": 1}}", "unknown key shares.cod"},
          {"{\"shares\": {\"code\": 0.5}}", "sum to 1"},
          {"{\"shares\": {\"code\": \"all\"}}", "code must be a number"},
          {"{\"languages\": {\"cobol\": 1}}", "unknown key languages.cobol"},
          {"{\"pack_tokens\": 1}", "pack_tokens"},
          {"{\"fim_rate\": 2}", "fill-in rate"},
          {"[]", "no JSON object"}
        }) {
      Invocation run = encode("tokens", wrong[0]);
      assertThat(run.exitCode()).as(wrong[0]).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(run.err()).contains("mix.json", wrong[1]).hasLineCount(1);
    }
  }

  @Test
  void ngramsAreMeasuredOnTheSameFiles() throws IOException {
    assertThat(encode("tokens", "{\"shares\": {\"code\": 1}}").exitCode()).isZero();
    Path json = folder.resolve("ngram.json");
    String[] eval = {
      "eval",
      "--quiet",
      "--corpus",
      corpus(),
      "--baseline",
      "ngram",
      "--data",
      folder.resolve("tokens").toString(),
      "--order",
      "4",
      "--json",
      json.toString()
    };
    Invocation run = run(eval);
    assertThat(run.out()).contains("order 4").doesNotContain("order 5");
    JsonNode result = Json.parse(json, 1 << 20);
    JsonNode bits = result.path("bits_per_byte");
    assertThat(result.path("bytes").asLong(0)).isPositive();
    assertThat(bits.path("1").asDouble(0)).isBetween(1.0, 6.0);
    // The test project says the same in other words.
    assertThat(bits.path("4").asDouble(9)).isLessThan(0.95 * bits.path("1").asDouble(0));

    for (String[] wrong :
        new String[][] {
          {"--baseline", "ppm"},
          {"--baseline", "ngram"},
          {"--data", "x"},
          {"--baseline", "ngram", "--data", "x", "--order", "1"},
          {"--baseline", "ngram", "--data", "x", "--model", "x"}
        }) {
      Invocation refused =
          Invocation.hadal(
              Stream.concat(Stream.of("eval", "--corpus", corpus()), Stream.of(wrong))
                  .toArray(String[]::new));
      assertThat(refused.exitCode()).as(String.join(" ", wrong)).isEqualTo(ExitCode.USAGE);
    }
  }
}
