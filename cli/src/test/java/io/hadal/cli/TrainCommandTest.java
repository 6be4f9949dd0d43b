package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {
  private static final int VOCABULARY = 512;
  private static final int DOCUMENT = 300;

  @TempDir private Path folder = Path.of("");

  /** Encoded text as `hadal corpus encode` writes it. */
  @BeforeEach
  void encode() throws IOException {
    Path data = Files.createDirectories(folder.resolve("data"));
    Files.copy(TestModel.TOKENIZER, data.resolve("tokenizer.json"));
    ByteBuffer bytes = ByteBuffer.allocate(2 * VOCABULARY).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < VOCABULARY; i++) {
      bytes.putShort((short) (i < 20 ? 0 : 2));
    }
    Files.write(data.resolve("token_bytes.bin"), bytes.array());
    split(data.resolve("train"), 20, 1);
    split(data.resolve("valid"), 4, 2);
    split(data.resolve("infile"), 4, 3);
    split(data.resolve("test"), 4, 4);
    String sizes = "{\"tokens\": %d, \"documents\": %d, \"text_bytes\": %d}";
    String small = sizes.formatted(4 * DOCUMENT, 4, 8 * DOCUMENT);
    Files.writeString(
        data.resolve("meta.json"),
        """
        {"format": "hadal-tokens-1", "dtype": "u16", "vocab_size": %d, "bos_id": 0, "eos_id": 1,
         "splits": {"train": %s, "valid": %s, "infile": %s, "test": %s}}
        """
            .formatted(
                VOCABULARY,
                sizes.formatted(20 * DOCUMENT, 20, 40 * DOCUMENT),
                small,
                small,
                small));
  }

  private static void split(Path split, int documents, long seed) throws IOException {
    Files.createDirectories(split);
    Random random = new Random(seed);
    ByteBuffer ids = ByteBuffer.allocate(2 * documents * DOCUMENT).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer starts = ByteBuffer.allocate(8 * documents + 8).order(ByteOrder.LITTLE_ENDIAN);
    for (int d = 0; d < documents; d++) {
      starts.putLong((long) d * DOCUMENT);
      for (int i = 0; i < DOCUMENT; i++) {
        int id = i == 0 ? 0 : i == DOCUMENT - 1 ? 1 : 20 + random.nextInt(30) * (1 + i % 3);
        ids.putShort((short) id);
      }
    }
    starts.putLong((long) documents * DOCUMENT);
    Files.write(split.resolve("tokens.bin"), ids.array());
    Files.write(split.resolve("documents.bin"), starts.array());
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
            "--model",
            folder.resolve("model").toString(),
            "-n",
            "3",
            "--prompt",
            "public");
    assertThat(run.exitCode()).as(run.err()).isZero();
  }

  @Test
  void pausesWhereItIsTold() {
    Invocation first = train("--depth", "2", "--steps", "3", "--pause-at", "1");
    assertThat(first.exitCode()).as(first.err()).isZero();
    assertThat(first.err()).contains("step 1  saved").doesNotContain("evaluation");
    Invocation rest = train("--resume", "--steps", "3");
    assertThat(rest.exitCode()).as(rest.err()).isZero();
    assertThat(rest.err()).contains("resuming at step 1").contains("step 3  saved");
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
