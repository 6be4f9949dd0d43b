package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Agents and their versions. */
final class AgentClients {
  static final NpmClient CLAUDE =
      NpmClient.of("claude-code", "@anthropic-ai/claude-code-linux-x64@2.1.328");
  static final NpmClient CODEX = NpmClient.of("codex", "@openai/codex@0.169.0");
  static final NpmClient OPENCODE = NpmClient.of("opencode", "opencode-linux-x64@1.18.33");
  static final NpmClient COPILOT = NpmClient.of("copilot", "@github/copilot@1.0.102");
  static final NpmClient CONTINUE = NpmClient.of("continue", "@continuedev/cli@1.5.47");
  static final NpmClient QWEN = NpmClient.of("qwen-code", "@qwen-code/qwen-code@0.24.4");
  static final NpmClient PI = NpmClient.of("pi", "@mariozechner/pi-coding-agent@0.73.1");
  static final NpmClient CLINE = NpmClient.of("cline", "cline@3.0.65");

  /** What agents are asked. */
  static final String PROMPT = "Print a greeting with the shell.";

  private AgentClients() {}

  /**
   * Runs Claude Code.
   *
   * @param settings environment beside what {@link #connect} has written
   */
  static ClientRun claude(Path home, Map<String, String> settings) throws IOException {
    Path binary = CLAUDE.install().resolve("@anthropic-ai/claude-code-linux-x64/claude");
    Map<String, String> environment = new HashMap<>(settings);
    environment.put("DISABLE_AUTOUPDATER", "1");
    return ClientRun.isolated(
        home,
        environment,
        List.of(
            binary.toString(), "-p", PROMPT, "--output-format", "json", "--allowedTools", "Bash"));
  }

  /** Runs Codex with what {@link #connect} has written. */
  static ClientRun codex(Path home) throws IOException {
    return ClientRun.isolated(
        home,
        Map.of("HADAL_API_KEY", TripServer.KEY),
        List.of(
            CODEX.install().resolve(".bin/codex").toString(),
            "exec",
            "--profile",
            "hadal",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            PROMPT));
  }

  /** Sets a client up with our own command. */
  static void connect(String client, String url, String key, Path home) {
    Invocation run =
        Invocation.hadal(
            "connect",
            client,
            "--url",
            url,
            "--key",
            key,
            "--model",
            TripServer.MODEL,
            "--write",
            "--yes",
            "--home",
            home.toString());
    assertThat(run.exitCode()).as(run.err()).isZero();
  }
}
