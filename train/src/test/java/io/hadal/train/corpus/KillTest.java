package io.hadal.train.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.train.tokenizer.TokenizerTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills the process at many moments; what a later run makes must be as if nothing had happened. */
class KillTest {
  private static final int VOCABULARY = 500;

  @TempDir private Path folder = Path.of("");

  /** All steps from artifacts to tokens; arguments: folder of the fixture, output folder. */
  static final class Steps {
    private Steps() {}

    public static void main(String[] args) throws IOException, InterruptedException {
      Path out = Path.of(args[1]);
      BuildFixture fixture = fixture(Path.of(args[0]), false);
      Path corpus = out.resolve("corpus");
      CorpusBuilder.build(fixture.sources(), fixture.options(), corpus, Progress.NONE);
      Path tokenizer = out.resolve("tokenizer");
      new TokenizerTraining(VOCABULARY, 1_000_000, 32, 1, 2)
          .run(Corpus.open(corpus), tokenizer, Progress.NONE);
      CorpusEncoder.encode(
          Corpus.open(corpus),
          tokenizer.resolve("tokenizer.json"),
          out.resolve("tokens"),
          EncodingOptions.defaults(),
          Progress.NONE);
    }
  }

  private static BuildFixture fixture(Path folder, boolean create) throws IOException {
    BuildFixture fixture = new BuildFixture(folder);
    for (int a = 0; a < 4; a++) {
      String split = a == 0 ? "test" : a == 1 ? "valid" : "train";
      if (create) {
        Map<String, String> files = new HashMap<>();
        for (int i = 0; i < 80; i++) {
          files.put("p/C" + i + ".java", BuildFixture.javaClass("C" + i, 1000L * a + i));
        }
        fixture.artifact(split, "project" + a, "a" + a, BuildFixture.MIT, files);
      } else {
        fixture.line(split + " project" + a + " g:a" + a + ":1");
      }
    }
    return fixture;
  }

  private static Process start(Path fixture, Path out) throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Steps.class.getName(),
                fixture.toString(),
                out.toString()))
        .redirectErrorStream(true)
        .redirectOutput(out.resolveSibling(out.getFileName() + ".log").toFile())
        .start();
  }

  @Test
  void killedRunsAreCompletedLater() throws Exception {
    Path fixture = Files.createDirectories(folder.resolve("fixture"));
    fixture(fixture, true);
    Path undisturbed = Files.createDirectories(folder.resolve("undisturbed"));
    long begin = System.nanoTime();
    Process whole = start(fixture, undisturbed);
    assertThat(whole.waitFor()).isZero();
    long duration = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    Map<String, String> expected = BuildFixture.result(undisturbed);
    assertThat(expected.keySet().stream().filter(name -> name.startsWith("tokens/")))
        .hasSizeGreaterThan(8);

    Path killed = Files.createDirectories(folder.resolve("killed"));
    int kills = 4;
    for (int i = 1; i <= kills; i++) {
      Process process = start(fixture, killed);
      if (!process.waitFor(duration * i / (kills + 1), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
      for (String name : List.of("corpus/manifest.json", "tokens/meta.json")) {
        // Either absent or the final one: no run changes what it would write.
        Path file = killed.resolve(name);
        if (Files.exists(file)) {
          assertThat(Files.readString(file)).isEqualTo(Files.readString(undisturbed.resolve(name)));
        }
      }
    }
    int exit = start(fixture, killed).waitFor();
    assertThat(exit)
        .as(Files.readString(killed.resolveSibling(killed.getFileName() + ".log")))
        .isZero();
    Map<String, String> result = BuildFixture.result(killed);
    result.keySet().removeIf(name -> name.startsWith("corpus/work") || name.contains("artifacts/"));
    expected
        .keySet()
        .removeIf(name -> name.startsWith("corpus/work") || name.contains("artifacts/"));
    // A temporary file may remain where a finished one lies beside it.
    result.keySet().removeIf(name -> name.endsWith(".tmp"));
    assertThat(result.keySet()).isEqualTo(expected.keySet());
    expected.forEach((name, content) -> assertThat(result.get(name)).as(name).isEqualTo(content));
  }
}
