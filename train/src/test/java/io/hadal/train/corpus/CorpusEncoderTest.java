package io.hadal.train.corpus;

import static io.hadal.train.corpus.BuildFixture.MIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.train.tokenizer.TokenizerTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusEncoderTest {
  private static final int VOCABULARY = 700;

  @TempDir private static Path shared = Path.of("");

  @TempDir private Path folder = Path.of("");

  @BeforeAll
  static void makeCorpusAndTokenizer() throws IOException, InterruptedException {
    BuildFixture fixture = new BuildFixture(shared);
    Map<String, String> train = new HashMap<>();
    for (int i = 0; i < 60; i++) {
      train.put("p/A" + i + ".java", BuildFixture.javaClass("A" + i, i) + "// ünï 😀\n");
    }
    for (int i = 0; i < 10; i++) {
      String words = BuildFixture.javaClass("x", 900 + i).replaceAll("[^a-z\n]+", " ");
      train.put("lib/m" + i + ".py", "\"\"\"" + words + "\"\"\"\n\ndef f():\n    return 1\n");
    }
    fixture.artifact("train", "alpha", "a", MIT, train);
    fixture.artifact(
        "test", "gamma", "d", MIT, Map.of("p/D.java", BuildFixture.javaClass("D", 500)));
    CorpusBuilder.build(fixture.sources(), fixture.options(), corpus(), Progress.NONE);
    new TokenizerTraining(VOCABULARY, 1_000_000, 32, 1, 2)
        .run(Corpus.open(corpus()), shared, Progress.NONE);
  }

  private static Path corpus() {
    return shared.resolve("corpus");
  }

  private static Path tokenizerJson() {
    return shared.resolve("tokenizer.json");
  }

  private static EncodingOptions options(double fim, double spm, double names) {
    return new EncodingOptions(fim, spm, 0.5, 200, names, Map.of(), 1, 2);
  }

  private EncodedCorpus encode(EncodingOptions options) throws IOException, InterruptedException {
    CorpusEncoder.encode(Corpus.open(corpus()), tokenizerJson(), folder, options, Progress.NONE);
    return EncodedCorpus.open(folder);
  }

  private static List<int[]> samples(EncodedCorpus encoded, Split part) throws IOException {
    List<int[]> samples = new ArrayList<>();
    try (EncodedSplit split = encoded.split(part)) {
      for (long d = 0; d < split.documents(); d++) {
        long start = split.documentStart(d);
        int[] ids = new int[(int) (split.documentStart(d + 1) - start)];
        split.read(start, ids, 0, ids.length);
        samples.add(ids);
      }
      assertThat(split.documentStart(split.documents())).isEqualTo(split.tokens());
    }
    return samples;
  }

  private static List<String> texts(EncodedCorpus encoded, Split split) throws IOException {
    Tokenizer tokenizer = Tokenizer.fromJson(encoded.tokenizerJson());
    return samples(encoded, split).stream().map(tokenizer::decode).toList();
  }

  private static String framed(String text) {
    return SpecialTokens.BOS + text + SpecialTokens.EOS;
  }

  @Test
  void plainTextComesBack() throws Exception {
    EncodedCorpus encoded = encode(options(0, 0, 0));
    assertThat(encoded.vocabularySize()).isEqualTo(VOCABULARY);
    for (Split split : Split.values()) {
      List<Document> documents = BuildFixture.documents(corpus(), split);
      assertThat(texts(encoded, split))
          .isEqualTo(documents.stream().map(d -> framed(d.text())).toList());
      long bytes = documents.stream().mapToLong(Document::utf8Length).sum();
      try (EncodedSplit part = encoded.split(split)) {
        assertThat(part.textBytes()).isEqualTo(bytes);
      }
      long fromTable = 0;
      for (int[] sample : samples(encoded, split)) {
        assertThat(sample[0]).isEqualTo(encoded.bos());
        assertThat(sample[sample.length - 1]).isEqualTo(encoded.eos());
        for (int id : sample) {
          fromTable += encoded.tokenBytes(id);
        }
      }
      assertThat(fromTable).isEqualTo(bytes);
    }
  }

  @Test
  void fillInTheMiddleKeepsAllTextAndOnlyTouchesTraining() throws Exception {
    EncodedCorpus encoded = encode(options(1, 0.5, 0));
    long bytes =
        BuildFixture.documents(corpus(), Split.TRAIN).stream()
            .mapToLong(Document::utf8Length)
            .sum();
    try (EncodedSplit train = encoded.split(Split.TRAIN)) {
      assertThat(train.textBytes()).isEqualTo(bytes);
    }
    List<String> texts = texts(encoded, Split.TRAIN);
    assertThat(texts)
        .allMatch(t -> t.startsWith(SpecialTokens.BOS + SpecialTokens.FIM_BEGIN))
        .hasSizeGreaterThan(200);
    String suffixFirst = SpecialTokens.BOS + SpecialTokens.FIM_BEGIN + SpecialTokens.FIM_HOLE;
    assertThat(texts.stream().filter(t -> t.startsWith(suffixFirst)).count())
        .isBetween(texts.size() / 3L, texts.size() * 2L / 3);
    assertThat(texts(encoded, Split.TEST)).noneMatch(t -> t.contains(SpecialTokens.FIM_HOLE));
  }

  @Test
  void namesStandInFront() throws Exception {
    List<Document> documents = BuildFixture.documents(corpus(), Split.TRAIN);
    assertThat(texts(encode(options(0, 0, 1)), Split.TRAIN))
        .isEqualTo(
            documents.stream()
                .map(
                    d ->
                        framed(
                            "<｜begin▁of▁repo▁name｜>alpha<｜end▁of▁repo▁name｜><｜begin▁of▁file▁name｜>"
                                + d.path()
                                + "<｜end▁of▁file▁name｜>"
                                + d.text()))
                .toList());
  }

  @Test
  void mixRepeatsAndThins() throws Exception {
    EncodingOptions options =
        new EncodingOptions(
            0.5, 0, 0, 100_000, 0, Map.of(Language.PYTHON, 3.0, Language.JAVA, 0.5), 1, 2);
    List<String> texts = texts(encode(options), Split.TRAIN);
    List<Document> documents = BuildFixture.documents(corpus(), Split.TRAIN);
    long python = documents.stream().filter(d -> d.language() == Language.PYTHON).count();
    long java = documents.size() - python;
    assertThat(texts.stream().filter(t -> t.contains("\"\"\"")).count()).isEqualTo(3 * python);
    assertThat(texts.stream().filter(t -> !t.contains("\"\"\"")).count())
        .isBetween(java / 4, java * 3 / 4);
    // Repetitions differ: another file is rearranged, or at another place.
    assertThat(texts.stream().distinct().count()).isGreaterThan(texts.size() * 2L / 3);
  }

  @Test
  void resultDoesNotDependOnThreadsOrOnAnEarlierRun() throws Exception {
    encode(options(0.5, 0.5, 0.5));
    Map<String, String> first = BuildFixture.result(folder);
    encode(options(0, 0, 0));
    assertThat(BuildFixture.result(folder)).isNotEqualTo(first);
    CorpusEncoder.encode(
        Corpus.open(corpus()),
        tokenizerJson(),
        folder,
        new EncodingOptions(0.5, 0.5, 0.5, 200, 0.5, Map.of(), 1, 1),
        Progress.NONE);
    assertThat(BuildFixture.result(folder)).isEqualTo(first);
  }

  @Test
  void tokenizerWithoutTheTokensIsRefused() throws Exception {
    String json = Files.readString(tokenizerJson()).replace("fim▁hole", "fim▁gap");
    Path other = Files.writeString(folder.resolve("tokenizer.json"), json);
    assertThatThrownBy(
            () ->
                CorpusEncoder.encode(
                    Corpus.open(corpus()),
                    other,
                    folder.resolve("out"),
                    options(0.5, 0, 0),
                    Progress.NONE))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("fim▁hole");
    CorpusEncoder.encode(
        Corpus.open(corpus()), other, folder.resolve("out"), options(0, 0, 0), Progress.NONE);
  }

  @Test
  void brokenFilesNeverFailOtherwise() throws Exception {
    encode(options(0, 0, 0));
    SplittableRandom random = new SplittableRandom(9);
    List<Path> files =
        List.of(
            folder.resolve("meta.json"),
            folder.resolve("token_bytes.bin"),
            folder.resolve("test/tokens.bin"),
            folder.resolve("test/documents.bin"));
    int refused = 0;
    for (int round = 0; round < 400; round++) {
      Path file = files.get(round % files.size());
      byte[] good = Files.readAllBytes(file);
      byte[] bad = good.clone();
      for (int i = random.nextInt(1, 4); i > 0; i--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      int length = random.nextInt(5) == 0 ? random.nextInt(bad.length) : bad.length;
      Files.write(file, Arrays.copyOf(bad, length));
      try (EncodedSplit split = EncodedCorpus.open(folder).split(Split.TEST)) {
        int[] ids = new int[(int) Math.min(split.tokens(), 10_000)];
        split.read(0, ids, 0, ids.length);
        for (long d = 0; d <= Math.min(split.documents(), 1000); d++) {
          split.documentStart(d);
        }
      } catch (FormatException e) {
        refused++;
      }
      Files.write(file, good);
    }
    assertThat(refused).isGreaterThan(100);
  }
}
