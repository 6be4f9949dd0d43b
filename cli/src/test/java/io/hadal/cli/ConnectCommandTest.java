package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.Json;
import io.hadal.server.connect.Client;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ConnectCommandTest {
  private static final String URL = "http://127.0.0.1:9123";

  @TempDir private Path home = Path.of("");

  private Invocation connect(String client, String... more) {
    String[] args = new String[more.length + 8];
    String[] first = {
      "connect", client, "--url", URL + "/", "--model", "nano", "--home", home.toString()
    };
    System.arraycopy(first, 0, args, 0, 8);
    System.arraycopy(more, 0, args, 8, more.length);
    return Invocation.hadal(args);
  }

  @ParameterizedTest
  @EnumSource
  void showsWithoutWriting(Client client) throws IOException {
    Invocation run = connect(client.id());
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains(URL, "nano", "start it with").doesNotContain(URL + "//");
    try (var files = Files.list(home)) {
      assertThat(files).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "claude-code",
        "codex",
        "opencode",
        "copilot",
        "continue",
        "vscode",
        "qwen-code",
        "openai-python"
      })
  void aSecondTimeNothingIsLeftToDo(String client) {
    assertThat(connect(client, "--write", "--yes").out()).contains("(new)", "wrote ");
    assertThat(connect(client, "--write", "--yes").out())
        .contains("(done)")
        .doesNotContain("wrote ", "\n+ ", "\n- ");
  }

  @Test
  void otherSettingsStay() throws IOException {
    Path file = home.resolve(".claude/settings.json");
    Files.createDirectories(home.resolve(".claude"));
    String before = "{\"theme\": \"dark\", \"env\": {\"A\": \"b\", \"ANTHROPIC_MODEL\": \"x\"}}";
    Files.writeString(file, before);
    Invocation run = connect("claude-code", "--write", "--yes", "--key", "sk-1");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("+     \"ANTHROPIC_MODEL\" : \"nano\"");
    JsonNode settings = Json.parse(file, 1 << 16);
    assertThat(settings.path("theme").asString()).isEqualTo("dark");
    assertThat(settings.at("/env/A").asString()).isEqualTo("b");
    assertThat(settings.at("/env/ANTHROPIC_BASE_URL").asString()).isEqualTo(URL);
    assertThat(settings.at("/env/ANTHROPIC_AUTH_TOKEN").asString()).isEqualTo("sk-1");
    assertThat(settings.at("/env/ANTHROPIC_MODEL").asString()).isEqualTo("nano");
    assertThat(file.resolveSibling("settings.json.bak")).hasContent(before);
  }

  @Test
  void aFileOfOurOwnIsReplaced() throws IOException {
    connect("codex", "--write", "--yes");
    Path file = home.resolve(".codex/hadal.config.toml");
    assertThat(file).content().contains("model = \"nano\"", URL + "/v1");
    Invocation.hadal(
        "connect", "codex", "--model", "other", "--home", home.toString(), "--write", "-y");
    assertThat(file)
        .content()
        .contains("base_url = \"http://127.0.0.1:8080/v1\"", "model = \"other\"")
        .doesNotContain("nano", "9123");
    try (var files = Files.list(home.resolve(".codex"))) {
      assertThat(files).hasSize(2); // the file and the older one
    }
  }

  @Test
  void withoutAYesNothingIsWritten() {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream("no\n".getBytes(StandardCharsets.UTF_8)));
    try {
      assertThat(connect("opencode", "--write").out())
          .contains("Write? [y/N]", "Nothing was written");
    } finally {
      System.setIn(before);
    }
    assertThat(home.resolve(".config")).doesNotExist();
  }

  @Test
  void whatCannotBeDoneIsSaid() throws IOException {
    assertThat(connect("emacs").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(connect("emacs").err()).contains("claude-code, codex");
    assertThat(connect("codex", "--yes").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(Invocation.hadal("connect", "codex", "--url", "ftp://x", "-m", "a").exitCode())
        .isEqualTo(ExitCode.USAGE);
    assertThat(connect("codex", "--key", "a\"b").exitCode()).isEqualTo(ExitCode.USAGE);

    Invocation nobody = Invocation.hadal("connect", "codex", "--url", "http://127.0.0.1:1");
    assertThat(nobody.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(nobody.err()).contains("hadal serve", "--model").hasLineCount(1);

    Path file = home.resolve(".config/opencode/opencode.json");
    Files.createDirectories(file.getParent());
    Files.writeString(file, "{} // mine");
    Invocation comments = connect("opencode", "--write", "--yes");
    assertThat(comments.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(comments.err()).contains("opencode.json", "--write").hasLineCount(1);
    assertThat(file).hasContent("{} // mine");
  }
}
