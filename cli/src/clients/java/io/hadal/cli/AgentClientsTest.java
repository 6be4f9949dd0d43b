package io.hadal.cli;

import static io.hadal.cli.AgentClients.PROMPT;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Agents as they are published: each calls its shell because the model says so. */
class AgentClientsTest extends TripTest {
  @Test
  void claudeCode() throws IOException {
    Path home = AgentClients.CLAUDE.freshHome("claude");
    connect("claude-code", home);
    made("Claude Code", AgentClients.claude(home, Map.of()));
  }

  /** Claude Code lists models of other makers under names that have "claude" in them. */
  @Test
  void claudeCodeFindsTheAlias() throws IOException {
    Path home = AgentClients.CLAUDE.freshHome("claude-discovery");
    ClientRun run =
        AgentClients.claude(
            home,
            Map.of(
                "ANTHROPIC_BASE_URL",
                server.url(),
                "ANTHROPIC_AUTH_TOKEN",
                TripServer.KEY,
                "ANTHROPIC_MODEL",
                "claude-" + TripServer.MODEL,
                "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY",
                "1"));
    made("Claude Code with discovery", run);
    assertThat(home.resolve(".claude/cache/gateway-models.json"))
        .content()
        .contains("\"claude-" + TripServer.MODEL + "\"")
        .doesNotContain("\"" + TripServer.MODEL + "\"");
  }

  @Test
  void codex() throws IOException {
    Path home = AgentClients.CODEX.freshHome("codex");
    connect("codex", home);
    made("Codex", AgentClients.codex(home));
  }

  @ParameterizedTest
  @ValueSource(strings = {"@ai-sdk/openai-compatible", "@ai-sdk/openai", "@ai-sdk/anthropic"})
  void opencode(String provider) throws IOException {
    Path modules = AgentClients.OPENCODE.install();
    Path home = AgentClients.OPENCODE.freshHome("opencode-" + provider.replace('/', '-'));
    connect("opencode", home);
    Path settings = home.resolve(".config/opencode/opencode.json");
    Files.writeString(
        settings, Files.readString(settings).replace("@ai-sdk/openai-compatible", provider));
    ClientRun run =
        ClientRun.isolated(
            home,
            Map.of("OPENCODE_DISABLE_MODELS_FETCH", "1", "OPENCODE_DISABLE_AUTOUPDATE", "1"),
            List.of(
                modules.resolve("opencode-linux-x64/bin/opencode").toString(),
                "run",
                "-m",
                "hadal/" + TripServer.MODEL,
                PROMPT));
    made("opencode with " + provider, run);
  }

  @ParameterizedTest
  @CsvSource({"openai, completions", "openai, responses", "anthropic, "})
  void copilot(String type, String api) throws IOException {
    Path modules = AgentClients.COPILOT.install();
    Path home = AgentClients.COPILOT.freshHome("copilot-" + type + "-" + api);
    connect("copilot", home);
    // What comes behind the file wins over it.
    String more =
        type.equals("anthropic")
            ? "export COPILOT_PROVIDER_TYPE=anthropic COPILOT_PROVIDER_BASE_URL=" + server.url()
            : "export COPILOT_PROVIDER_WIRE_API=" + api;
    ClientRun run =
        ClientRun.isolated(
            home,
            Map.of("COPILOT_AUTO_UPDATE", "false", "COPILOT_OFFLINE", "true"),
            List.of(
                "sh",
                "-c",
                ". \"$HOME\"/.config/hadal/copilot.env; " + more + "; exec \"$@\"",
                "copilot",
                modules.resolve(".bin/copilot").toString(),
                "-p",
                PROMPT,
                "--allow-all-tools"));
    made("Copilot CLI with " + type + (api == null ? "" : " " + api), run);
  }

  @Test
  void continueCli() throws IOException {
    Path modules = AgentClients.CONTINUE.install();
    Path home = AgentClients.CONTINUE.freshHome("continue");
    connect("continue", home);
    ClientRun run =
        ClientRun.isolated(
            home,
            Map.of("CONTINUE_TELEMETRY_ENABLED", "0"),
            List.of(
                modules.resolve(".bin/cn").toString(),
                "--config",
                home.resolve(".continue/hadal.yaml").toString(),
                "--auto",
                "-p",
                PROMPT));
    made("Continue CLI", run);
  }

  @Test
  void qwenCode() throws IOException {
    Path modules = AgentClients.QWEN.install();
    Path home = AgentClients.QWEN.freshHome("qwen");
    ClientRun run =
        ClientRun.isolated(
            home,
            Map.of(
                "OPENAI_BASE_URL",
                server.url() + "/v1",
                "OPENAI_API_KEY",
                TripServer.KEY,
                "OPENAI_MODEL",
                TripServer.MODEL),
            List.of(
                modules.resolve(".bin/qwen").toString(),
                "--auth-type",
                "openai",
                "--yolo",
                "-p",
                PROMPT));
    made("Qwen Code", run);
  }

  @Test
  void pi() throws IOException {
    Path modules = AgentClients.PI.install();
    Path home = AgentClients.PI.freshHome("pi");
    Path folder = Files.createDirectories(home.resolve(".pi/agent"));
    Files.writeString(
        folder.resolve("models.json"),
        """
        {"providers": {"hadal": {"baseUrl": "%s/v1", "apiKey": "%s", "api": "openai-completions",
          "models": [{"id": "%s", "contextWindow": 65536, "maxTokens": 8192}]}}}
        """
            .formatted(server.url(), TripServer.KEY, TripServer.MODEL));
    ClientRun run =
        ClientRun.isolated(
            home,
            Map.of("PI_OFFLINE", "1"),
            List.of(
                modules.resolve(".bin/pi").toString(),
                "-p",
                "--no-session",
                "--provider",
                "hadal",
                "--model",
                TripServer.MODEL,
                PROMPT));
    made("pi", run);
  }

  @Test
  void cline() throws IOException {
    Path modules = AgentClients.CLINE.install();
    Path home = AgentClients.CLINE.freshHome("cline");
    String binary = modules.resolve(".bin/cline").toString();
    ClientRun set =
        ClientRun.isolated(
            home,
            Map.of(),
            List.of(
                binary,
                "auth",
                "openai",
                "-k",
                TripServer.KEY,
                "-m",
                TripServer.MODEL,
                "-b",
                server.url() + "/v1"));
    assertThat(set.exitCode()).as(set.output()).isZero();
    ClientRun run =
        ClientRun.isolated(home, Map.of(), List.of(binary, "-P", "openai", "--json", PROMPT));
    made("Cline", run);
  }

  private void connect(String client, Path home) {
    AgentClients.connect(client, server.url(), TripServer.KEY, home);
  }

  /** The shell has run: its output came back to the server, and the client prints the end. */
  private void made(String client, ClientRun run) {
    System.out.printf(
        "%s: exit %d, %.1f s, %d turns, tokens from the cache: %s%n",
        client,
        run.exitCode(),
        run.time().toMillis() / 1000.0,
        server.trip.requests(),
        server.prompts());
    String story =
        "%s%n%s%noffered %s%nresults %s"
            .formatted(run.output(), server.log(), server.trip.offered(), server.trip.results());
    assertThat(run.exitCode()).as(story).isZero();
    assertThat(server.trip.results())
        .as(story)
        .isNotEmpty()
        .allSatisfy(r -> assertThat(r).contains(ToolTrip.OUTPUT));
    assertThat(run.output()).as(story).contains(ToolTrip.LAST);
    assertThat(server.outcomes()).as(story).containsOnly("ok");
  }
}
