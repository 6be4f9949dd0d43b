package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.Json;
import io.hadal.kernels.NativeStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

class TrainCommandTest {
  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void encode() throws IOException {
    EncodedFixture.write(folder.resolve("data"));
  }

  private Invocation train(String... more) {
    String[] args = new String[more.length + 5];
    args[0] = "train";
    args[1] = "--data";
    args[2] = folder.resolve("data").toString();
    args[3] = "--out";
    args[4] = folder.resolve("model").toString();
    System.arraycopy(more, 0, args, 5, more.length);
    return Invocation.hadal(args);
  }

  /** Options of a model of two layers with small batches, which take an eighth of the time. */
  private String[] small(String... more) throws IOException {
    List<String> options = new ArrayList<>(List.of("--depth", "2", "--print-config"));
    options.addAll(List.of(more));
    Invocation printed = train(options.toArray(String[]::new));
    assertThat(printed.exitCode()).as(printed.err()).isZero();
    Path file = folder.resolve("small.json");
    String large = "\"batch_tokens\" : 8192";
    assertThat(printed.out()).contains(large);
    Files.writeString(file, printed.out().replace(large, "\"batch_tokens\" : 1024"));
    return new String[] {"--config", file.toString()};
  }

  private static String[] join(String[] first, String... then) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(then));
    return all.toArray(String[]::new);
  }

  @Test
  void trainsResumesAndLeavesAModelThatRuns() {
    Invocation first = train("--depth", "2", "--steps", "1", "--threads", "2");
    assertThat(first.exitCode()).as(first.err()).isZero();
    assertThat(first.err()).contains("evaluation, bits/byte:  valid ").contains("infile ");
    Invocation second = train("--resume", "--steps", "2");
    assertThat(second.exitCode()).as(second.err()).isZero();
    assertThat(second.err()).contains("resuming at step 1").contains("step 2  saved");
    Invocation run =
        Invocation.hadal(
            "generate",
            "--cold",
            "--model",
            folder.resolve("model").toString(),
            "-n",
            "3",
            "--prompt",
            "public");
    assertThat(run.exitCode()).as(run.err()).isZero();
  }

  @Test
  void pausesWhereItIsTold() throws IOException {
    Invocation first = train(join(small(), "--steps", "3", "--pause-at", "1"));
    assertThat(first.exitCode()).as(first.err()).isZero();
    assertThat(first.err()).contains("step 1  saved").doesNotContain("evaluation");
    Invocation rest = train("--resume", "--steps", "3");
    assertThat(rest.exitCode()).as(rest.err()).isZero();
    assertThat(rest.err()).contains("resuming at step 1").contains("step 3  saved");
  }

  @Test
  void aDenseModelWithoutMemoryTrainsAndIsAModelLikeAnyOther() throws IOException {
    Path model = folder.resolve("model");
    Path config = folder.resolve("config.json");
    ObjectNode json = (ObjectNode) Json.parse(Files.readAllBytes(Path.of(small()[1])), "");
    ObjectNode shape = (ObjectNode) json.path("model");
    shape.put("n_routed_experts", 0).put("num_hash_layers", 0).remove("engram_max_ngram_size");
    Files.writeString(config, json.toString());
    Invocation run = train("--config", config.toString(), "--steps", "1");
    assertThat(run.exitCode()).as(run.err()).isZero();
    Path text = Files.writeString(folder.resolve("text"), "public class");
    Path file = folder.resolve("model.gguf");
    Invocation export =
        Invocation.hadal("export", "--model", model.toString(), "--out", file.toString());
    assertThat(export.exitCode()).as(export.err()).isZero();
    for (Path any : List.of(model, file)) {
      Invocation inspect = Invocation.hadal("inspect", any.toString());
      assertThat(inspect.exitCode()).as(inspect.err()).isZero();
      assertThat(inspect.out()).contains("0 of width 128, 0 active, 1 shared");
      Invocation explain =
          Invocation.hadal("explain", "--model", any.toString(), "--text", text.toString());
      assertThat(explain.exitCode()).as(explain.err()).isZero();
    }
    Files.delete(model.resolve("training/checkpoint.safetensors"));
    shape.put("num_hash_layers", 1);
    Files.writeString(config, json.toString());
    Invocation wrong = train("--config", config.toString(), "--steps", "1");
    assertThat(wrong.exitCode()).as(wrong.err()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(wrong.err()).contains("num_hash_layers").contains("without routed experts");
  }

  @Test
  void aDrafterIsTrainedAlongAndItsGuessesAreVerified() throws IOException {
    Invocation mark = train("--depth", "2", "--completion-head", "--steps", "1");
    assertThat(mark.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(mark.err()).contains("has no <｜fim▁end｜>");
    Invocation first = train(join(small("--drafter"), "--steps", "1", "--threads", "2"));
    assertThat(first.exitCode()).as(first.err()).isZero();
    assertThat(folder.resolve("model/config.json")).content().contains("dspark_block_size");
    Path file = folder.resolve("model.gguf");
    Invocation export =
        Invocation.hadal(
            "export", "--model", folder.resolve("model").toString(), "--out", file.toString());
    assertThat(export.exitCode()).as(export.err()).isZero();
    Invocation plain = generate(file);
    Invocation guessed = generate(file, "--speculate");
    assertThat(guessed.exitCode()).as(guessed.err()).isZero();
    assertThat(guessed.err()).doesNotContain("no drafter");
    assertThat(guessed.out()).isEqualTo(plain.out());
    assertThat(train("--drafter", "--config", file.toString()).exitCode())
        .isEqualTo(ExitCode.USAGE);
  }

  private static Invocation generate(Path model, String... more) {
    List<String> args = new ArrayList<>(List.of("generate", "--model", model.toString()));
    args.addAll(List.of("-n", "20", "--prompt", "public", "--temperature", "0", "--cold"));
    args.addAll(List.of(more));
    return Invocation.hadal(args.toArray(String[]::new));
  }

  @Test
  void aPrintedConfigurationIsOneToTrainWith() throws IOException {
    Invocation printed = train("--depth", "2", "--print-config");
    assertThat(printed.exitCode()).isZero();
    assertThat(printed.out()).contains("\"learning_rate\"").contains("\"vocab_size\" : 512");
    Path file = folder.resolve("config.json");
    Files.writeString(
        file,
        printed
            .out()
            .replace("\"batch_tokens\" : 8192", "\"batch_tokens\" : 1024")
            .replace("\"hc_mult\" : 4", "\"hc_mult\" : 1"));
    Invocation run = train("--config", file.toString(), "--steps", "1");
    assertThat(run.exitCode()).as(run.err()).isZero();
    Files.writeString(file, printed.out().replace("learning_rate", "learning_rat"));
    Invocation wrong = train("--config", file.toString(), "--steps", "1");
    assertThat(wrong.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(wrong.err()).contains("unknown key learning_rat");
  }

  @Test
  void productsOfBf16AreAskedForAndNeedTheProcessor() throws IOException {
    assertThat(train("--depth", "2", "--print-config").out()).contains("\"gemm\" : \"f32\"");
    Invocation printed = train("--depth", "2", "--gemm", "bf16", "--print-config");
    assertThat(printed.out()).contains("\"gemm\" : \"bf16\"");
    Invocation run = train(join(small("--gemm", "bf16"), "--steps", "1"));
    if (NativeStatus.get().bf16()) {
      assertThat(run.exitCode()).as(run.err()).isZero();
    } else {
      assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(run.err()).contains("gemm is bf16").contains("AMX").contains("f32");
    }
    assertThat(train("--gemm", "f64").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(train("--resume", "--gemm", "bf16").exitCode()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    assertThat(train("--depth", "1").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(train("--preset", "huge").err()).contains("there is no huge");
    assertThat(train("--resume", "--depth", "2").exitCode()).isEqualTo(ExitCode.USAGE);
    Invocation nothing = train("--resume");
    assertThat(nothing.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(nothing.err()).contains("no training run to resume");
    assertThat(train("--steps", "0").exitCode()).isEqualTo(ExitCode.USAGE);
    Files.delete(folder.resolve("data/meta.json"));
    assertThat(train("--depth", "2").exitCode()).isEqualTo(ExitCode.BAD_INPUT);
  }
}
