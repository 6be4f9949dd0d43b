package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.weights.GgmlType;
import io.hadal.formats.weights.Safetensors;
import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SynthCommandTest {
  private static final int VOCABULARY = 512;

  @TempDir private Path folder = Path.of("");

  private static Invocation synth(Path out, String... more) {
    String[] args = {"synth", "--out", out.toString(), "-q"};
    return Invocation.hadal(
        Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray(String[]::new));
  }

  private Path written(String name, String... more) {
    Path out = folder.resolve(name);
    Invocation run = synth(out, more);
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("wrote", out.toString());
    return out;
  }

  /** Logits behind 40 tokens: past a window, a compressed block and a choice of entries. */
  private float[] logits(Path model) throws IOException {
    StringBuilder ids = new StringBuilder("[0");
    for (int i = 1; i < 40; i++) {
      ids.append(", ").append(i * 37 % VOCABULARY);
    }
    Path tokens = TestModel.write(folder.resolve("ids.json"), ids + "]");
    Path out = folder.resolve("logits.safetensors");
    Invocation run =
        Invocation.hadal(
            "logits",
            "-q",
            "--model",
            model.toString(),
            "--tokens",
            tokens.toString(),
            "--out",
            out.toString());
    assertThat(run.exitCode()).as(run.err()).isZero();
    try (Safetensors store = Safetensors.open(out)) {
      MemorySegment data = store.get("logits").data();
      return data.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }
  }

  private static void assertPlausible(float[] logits) {
    assertThat(logits).hasSize(40 * VOCABULARY);
    double squares = 0;
    for (float x : logits) {
      assertThat(x).isFinite();
      squares += (double) x * x;
    }
    // A random head over a normalised state.
    assertThat(Math.sqrt(squares / logits.length)).isBetween(0.7, 1.4);
    float[] first = Arrays.copyOf(logits, VOCABULARY);
    assertThat(Arrays.copyOfRange(logits, VOCABULARY, 2 * VOCABULARY)).isNotEqualTo(first);
  }

  static Stream<StorageType> ggufTypes() {
    return Arrays.stream(StorageType.values())
        .filter(type -> type.isMatrixWeight() && GgmlType.of(type) != null);
  }

  @ParameterizedTest
  @MethodSource("ggufTypes")
  void everyTypeOfGgufRuns(StorageType type) throws IOException {
    Path file =
        written(
            type + ".gguf",
            "--shape",
            "tiny",
            "--layers",
            "2",
            "--experts",
            "4",
            "--type",
            type.name());
    assertPlausible(logits(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"F32", "F16", "BF16", "FP8", "FP4"})
  void everyTypeOfSafetensorsRuns(String type) throws IOException {
    Path model =
        written(
            type,
            "--shape",
            "tiny",
            "--layers",
            "2",
            "--experts",
            "4",
            "--format",
            "safetensors",
            "--type",
            type);
    assertPlausible(logits(model));
  }

  @Test
  void v41RunsFromBothFormats() throws IOException {
    assertPlausible(logits(written("a.gguf", "--shape", "tiny-v4.1")));
    assertPlausible(logits(written("b", "--shape", "tiny-v4.1", "--format", "safetensors")));
  }

  @Test
  void theTokenizerReadsAndTheModelContinuesText() {
    Path file = written("a.gguf", "--shape", "tiny");
    Invocation ids =
        Invocation.hadal("tokenize", "--model", file.toString(), "--json", "ab Ä<｜User｜>");
    assertThat(ids.exitCode()).as(ids.err()).isZero();
    Invocation text =
        Invocation.hadal(
            "generate",
            "--cold",
            "--model",
            file.toString(),
            "--prompt",
            "some words",
            "-n",
            "6",
            "--ignore-eos");
    assertThat(text.exitCode()).as(text.err()).isZero();
    assertThat(text.err()).contains("generated 6 tokens");
    Invocation inspect = Invocation.hadal("inspect", file.toString());
    assertThat(inspect.out())
        .contains("1 window hash-routed, 2 csa/4, 1 hca/128", "found, 512 tokens", "IQ2_XXS");
  }

  @Test
  void theSeedDecidesEveryByte() throws IOException {
    byte[] first = Files.readAllBytes(written("a.gguf", "--shape", "tiny", "--layers", "1"));
    assertThat(written("b.gguf", "--shape", "tiny", "--layers", "1")).hasBinaryContent(first);
    Path other = written("c.gguf", "--shape", "tiny", "--layers", "1", "--seed", "2");
    assertThat(Files.readAllBytes(other)).hasSameSizeAs(first).isNotEqualTo(first);
  }

  @Test
  void whatExistsIsKeptWithoutForce() throws IOException {
    Path file = TestModel.write(folder.resolve("a.gguf"), "mine");
    Invocation run = synth(file, "--shape", "tiny");
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains("a.gguf", "--force");
    assertThat(file).hasContent("mine");
    written("a.gguf", "--shape", "tiny", "--force");
    assertThat(Files.size(file)).isGreaterThan(1 << 20);
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(file);
    }
    Path model = written("m", "--shape", "tiny", "--format", "safetensors");
    assertThat(synth(model, "--shape", "tiny", "--format", "safetensors").err())
        .contains("exists already");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a.bin  |                                     | .gguf
          a.gguf | --shape v5                          | v4-flash, v4.1-flash, tiny
          a.gguf | --shape tiny --layers 0             | --layers is 0
          a.gguf | --shape tiny --layers 44            | 1..43
          a.gguf | --shape tiny --experts 1            | 2..256
          a.gguf | --vocab 100                         | --vocab is 100
          a.gguf | --type Q9_9                         | Q8_0
          a.gguf | --type FP8                          | GGUF holds no F8_E4M3
          a      | --format safetensors --type Q4_K    | safetensors holds no Q4_K
          a.gguf | --mix experts=Q4_K                  | rest=TYPE
          a.gguf | --type Q4_K --mix experts=Q4_K      | mutually exclusive
          """)
  void wrongOptionsAreExplained(String name, String options, String message) {
    String[] more = options == null ? new String[0] : options.split(" ");
    Invocation run = synth(folder.resolve(name), more);
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains(message).doesNotContain("at io.hadal");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aMissingFolderIsNamed() {
    Invocation run = synth(folder.resolve("none").resolve("a.gguf"), "--shape", "tiny");
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains("no folder", "none");
  }
}
