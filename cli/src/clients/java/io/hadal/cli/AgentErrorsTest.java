package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.chat.Problem;
import io.hadal.server.wire.Dialect;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What agents make of errors: they must give up at once, or try again and succeed. */
class AgentErrorsTest extends TripTest {
  private static ClientRun claude(String url, String key, String test) throws IOException {
    Path home = AgentClients.CLAUDE.freshHome("claude-" + test);
    AgentClients.connect("claude-code", url, key, home);
    return said("Claude Code, " + test, AgentClients.claude(home, Map.of()));
  }

  private static ClientRun codex(String url, String test) throws IOException {
    Path home = AgentClients.CODEX.freshHome("codex-" + test);
    AgentClients.connect("codex", url, TripServer.KEY, home);
    return said("Codex, " + test, AgentClients.codex(home));
  }

  private static ClientRun said(String what, ClientRun run) {
    System.out.printf("%s: exit %d, %.1f s%n", what, run.exitCode(), run.time().toMillis() / 1e3);
    return run;
  }

  private void succeeded(ClientRun run) {
    String story = run.output() + "\n" + server.log();
    assertThat(run.exitCode()).as(story).isZero();
    assertThat(server.trip.results()).as(story).isNotEmpty();
    assertThat(run.output()).as(story).contains(ToolTrip.LAST);
  }

  @Test
  void claudeCodeGivesUpWithAWrongKey() throws IOException {
    try (Front front = new Front(server.url())) {
      ClientRun run = claude(front.url(), "sk-wrong-0123456789abcdef", "wrong key");
      assertThat(run.exitCode()).as(run.output()).isNotZero();
      assertThat(front.turns()).as(run.output()).isEqualTo(1);
      assertThat(server.outcomes()).contains("invalid_api_key");
    }
  }

  @Test
  void claudeCodeGivesUpWithoutBalance() throws IOException {
    String body =
        """
        {"type": "error", "error": {"type": "billing_error", "message": "The budget is used up.",
          "details": {"error_code": "budget_exceeded"}}, "request_id": "req_front"}
        """;
    try (Front front = new Front(server.url())) {
      front.with(new Front.Trouble.Refusal(402, body, false, 0));
      ClientRun run = claude(front.url(), TripServer.KEY, "budget");
      assertThat(run.exitCode()).as(run.output()).isNotZero();
      assertThat(front.turns()).as(run.output()).isEqualTo(1);
      assertThat(run.output()).contains("The budget is used up.");
    }
  }

  @Test
  void claudeCodeComesBackAfterOverload() throws IOException {
    try (Front front = new Front(server.url())) {
      front.with(Front.Trouble.Refusal.of(Problem.overloaded(1), Dialect.ANTHROPIC));
      succeeded(claude(front.url(), TripServer.KEY, "overload"));
      assertThat(front.turns()).isEqualTo(3);
    }
  }

  @Test
  void claudeCodeComesBackAfterACutStream() throws IOException {
    try (Front front = new Front(server.url())) {
      front.with(new Front.Trouble.Cut(700));
      ClientRun run = claude(front.url(), TripServer.KEY, "cut");
      succeeded(run);
      assertThat(front.turns()).as(run.output()).isEqualTo(3);
    }
  }

  @Test
  void claudeCodeSaysThatThePromptIsTooLong() throws IOException {
    try (TripServer small = new TripServer(8192);
        Front front = new Front(small.url())) {
      ClientRun run = claude(front.url(), TripServer.KEY, "context");
      assertThat(run.output()).containsIgnoringCase("prompt is too long");
      assertThat(front.turns()).as(run.output()).isBetween(1, 3);
    }
  }

  @Test
  void codexGivesUpWithoutBudgetAndSaysUntilWhen() throws IOException {
    long reset = Instant.now().plusSeconds(7200).getEpochSecond();
    String body =
        """
        {"error": {"message": "The budget is used up.", "type": "usage_limit_reached",
          "param": null, "code": "budget_exceeded", "resets_at": %d}}
        """
            .formatted(reset);
    try (Front front = new Front(server.url())) {
      front.with(new Front.Trouble.Refusal(429, body, false, 0));
      ClientRun run = codex(front.url(), "budget");
      assertThat(run.exitCode()).as(run.output()).isNotZero();
      assertThat(front.turns()).as(run.output()).isEqualTo(1);
      assertThat(run.output()).containsIgnoringCase("usage limit").contains("Try again at");
    }
  }

  @Test
  void codexSaysThatThePromptIsTooLong() throws IOException {
    try (TripServer small = new TripServer(8192);
        Front front = new Front(small.url())) {
      ClientRun run = codex(front.url(), "context");
      assertThat(run.output()).containsIgnoringCase("ran out of room");
      assertThat(front.turns()).as(run.output()).isEqualTo(1);
    }
  }
}
