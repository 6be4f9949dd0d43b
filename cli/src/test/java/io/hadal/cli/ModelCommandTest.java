package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.chat.Hadal;
import io.hadal.chat.HadalOptions;
import io.hadal.cli.terminal.ExitCode;
import io.hadal.server.HadalServer;
import io.hadal.server.ServerLimits;
import io.hadal.server.ServerOptions;
import io.hadal.server.http.HttpServerKind;
import io.hadal.server.http.ListenerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCommandTest {
  @TempDir private Path folder = Path.of("");

  private Invocation model(String... args) {
    List<String> all = new ArrayList<>(List.of("model"));
    all.addAll(List.of(args));
    all.addAll(List.of("--data", folder.resolve("data").toString()));
    return Invocation.hadal(all.toArray(String[]::new));
  }

  private Invocation good(String... args) {
    Invocation run = model(args);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return run;
  }

  @Test
  void fromACheckpointToANameThatAnswers() throws Exception {
    Path checkpoint = EngramModel.FOLDER;
    good("add", checkpoint.toString(), "--family", "tiny", "--version-date", "2026-01-01");
    assertThat(good("list").out()).contains("tiny@2026-01-01", "draft", "local");
    String manifest = good("show", "tiny@2026-01-01", "--manifest").out();
    assertThat(manifest).contains("\"weights\":[{\"bytes\":", "\"parser\"", "\"quantisation\"");
    try (Hadal hadal = Hadal.load(checkpoint, new HadalOptions().name("tiny").context(1024));
        HadalServer server =
            new HadalServer(
                new ServerOptions(
                    new ListenerOptions("127.0.0.1", 0, 64, null, null, HttpServerKind.HELIDON),
                    null,
                    ServerLimits.DEFAULT,
                    line -> {},
                    "1"),
                hadal.model())) {
      Invocation probe =
          good("probe", "tiny@2026-01-01", "--url", "http://127.0.0.1:" + server.port());
      assertThat(probe.out()).contains("chat             passed", "needle_128k      skipped");
      Path prompts =
          Files.writeString(
              folder.resolve("prompts.jsonl"),
              "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"max_tokens\":4}\n");
      String[] report = {
        "upgrade-report",
        "--from",
        "tiny",
        "--to",
        "nothing",
        "--prompts",
        prompts.toString(),
        "--out",
        folder.resolve("report.jsonl").toString(),
        "--url",
        "http://127.0.0.1:" + server.port(),
        "--format",
        "markdown"
      };
      assertThat(good(report).out()).contains("| no answer | 0 | 1 |", "requests 1.");
      assertThat(good(report).out()).contains("Of 1 requests (1 in the set)");
    }
    good("activate", "tiny@2026-01-01");
    assertThat(good("list").out()).contains("active", "tiny  [", " stream");
    good("add", checkpoint.toString(), "--family", "tiny", "--version-date", "2026-02-01");
    good("activate", "tiny@2026-02-01");
    assertThat(good("alias", "tiny", "tiny@2026-02-01", "--reason", "newer").out())
        .contains("tiny -> tiny@2026-02-01");
    good("deprecate", "tiny@2026-01-01", "--retires", "2030-01-01", "--successor", "tiny");
    assertThat(good("show", "tiny").out()).contains("history of tiny", "newer", "2026-02-01");
    good("retire", "tiny@2026-01-01");
    assertThat(good("list").out()).contains("retired");
    assertThat(good("quality").out()).contains("nothing was looked at yet");
    rollouts(checkpoint);
  }

  private void rollouts(Path checkpoint) throws IOException {
    good("add", checkpoint.toString(), "--family", "tiny", "--version-date", "2026-03-01");
    good("activate", "tiny@2026-03-01");
    String made = rollout("create", "tiny", "tiny@2026-03-01", "--mode", "blue_green");
    String id = made.substring(0, made.indexOf(' '));
    assertThat(made).doesNotContain("note:");
    assertThat(rollout("start", id)).contains("running");
    assertThat(rollout("percent", id, "100")).contains("100 %");
    assertThat(rollout("rollback", id, "--reason", "worse")).contains("rolled_back");
    assertThat(rollout("show", id)).contains("by cli:", "worse");
    assertThat(rollout("list")).contains("tiny@2026-02-01 -> tiny@2026-03-01");
    // Other weights need another process.
    String manifest = good("show", "tiny", "--manifest").out();
    assertThat(manifest).contains("sample_sha256");
    Path other =
        Files.writeString(
            folder.resolve("other.json"),
            manifest.replaceAll("\"sha256\":\"[0-9a-f]{8}", "\"sha256\":\"00000000"));
    good("add", other.toString(), "--version-date", "2026-04-01");
    good("activate", "tiny@2026-04-01");
    assertThat(rollout("create", "tiny", "tiny@2026-04-01")).contains("note: tiny@2026-02-01 and");
  }

  private String rollout(String... args) {
    List<String> all = new ArrayList<>(List.of("rollout"));
    all.addAll(List.of(args));
    all.addAll(List.of("--data", folder.resolve("data").toString()));
    Invocation run = Invocation.hadal(all.toArray(String[]::new));
    assertThat(run.exitCode()).as(run.err()).isZero();
    return run.out() + run.err();
  }

  @Test
  void aManifestOfARoutedModel() throws IOException {
    Path yaml =
        Files.writeString(
            folder.resolve("flash.yaml"),
            """
            kind: routed
            family: lab/flash
            upstream_model: flash-1
            backends: [east]
            context: 65536
            """);
    assertThat(good("add", yaml.toString(), "--version-date", "2026-01-01").out())
        .contains("lab/flash@2026-01-01", "fp_");
    good("retire", "lab/flash@2026-01-01");
    assertThat(good("list").out()).contains("no models yet");
  }

  @Test
  void whatCannotBeDoneIsSaidInALine() throws IOException {
    Path yaml = Files.writeString(folder.resolve("bad.yaml"), "kind: routed\nfamily: [\n");
    for (String[] args :
        new String[][] {
          {"add", yaml.toString()},
          {"add", folder.resolve("nothing").toString()},
          {"activate", "none@2026-01-01"},
          {"show", "none"},
          {"alias", "a", "none@2026-01-01"},
          {"probe", "none"}
        }) {
      Invocation run = model(args);
      assertThat(run.exitCode()).as(String.join(" ", args)).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(run.err()).hasLineCount(1).doesNotContain("\tat ");
    }
    assertThat(model("alias", "a").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(model("deprecate", "a@2026-01-01", "--retires", "soon").exitCode())
        .isEqualTo(ExitCode.USAGE);
  }
}
