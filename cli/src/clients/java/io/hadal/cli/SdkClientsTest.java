package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** SDKs for JavaScript as they are published: streams, a tool round trip, usage, errors. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SdkClientsTest {
  private static final NpmClient SDKS =
      NpmClient.of(
          "sdks",
          "openai@7.55.0",
          "@anthropic-ai/sdk@1.10.0",
          "ai@7.0.173",
          "@ai-sdk/openai-compatible@3.0.92",
          "@ai-sdk/openai@4.0.118",
          "@ai-sdk/anthropic@4.0.105",
          "@ai-sdk/deepseek@3.0.56",
          "ollama@0.6.4");

  private TripServer server;

  @BeforeAll
  void start() throws IOException {
    server = new TripServer(4096);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "openai-chat.mjs",
        "openai-responses.mjs",
        "anthropic.mjs",
        "ai.mjs openai-compatible",
        "ai.mjs openai",
        "ai.mjs anthropic",
        "ai.mjs deepseek",
        "ollama.mjs"
      })
  void makesARoundTrip(String script) throws IOException {
    server.forget();
    // Modules look for packages beside themselves.
    Path scripts = Files.createDirectories(SDKS.install().resolveSibling("scripts"));
    try (Stream<Path> files = Files.list(Path.of("src", "clients", "js"))) {
      for (Path file : files.toList()) {
        Files.copy(file, scripts.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    String[] words = script.split(" ");
    Path home = SDKS.freshHome(script.replace(' ', '-'));
    ClientRun run =
        ClientRun.isolated(
            home,
            Map.of(
                "HADAL_URL", server.url(),
                "HADAL_KEY", TripServer.KEY,
                "HADAL_MODEL", TripServer.MODEL),
            Stream.concat(
                    Stream.of("node", scripts.resolve(words[0]).toString()),
                    Stream.of(words).skip(1))
                .toList());
    String story = run.output() + "\n" + server.log();
    System.out.printf(
        "%s: exit %d, %.1f s, %s%n",
        script, run.exitCode(), run.time().toMillis() / 1e3, server.prompts());
    assertThat(run.exitCode()).as(story).isZero();
    JsonNode report =
        Json.parse(run.lastLine().getBytes(StandardCharsets.UTF_8), "last line of " + script);
    assertThat(report.path("text").asString()).as(story).isEqualTo(ToolTrip.LAST);
    assertThat(server.trip.results())
        .as(story)
        .hasSize(1)
        .allSatisfy(r -> assertThat(r).contains(ToolTrip.OUTPUT));
    // What the client counted is what the server counted.
    List<JsonNode> turns = server.turns().subList(0, 2);
    for (int i = 0; i < 2; i++) {
      JsonNode turn = turns.get(i);
      JsonNode usage = report.path("usages").path(i);
      assertThat(usage.path(0).asInt()).as(story).isEqualTo(turn.path("input_tokens").asInt());
      assertThat(usage.path(2).asInt()).as(story).isEqualTo(turn.path("output_tokens").asInt());
      if (!script.startsWith("ollama")) {
        assertThat(usage.path(1).asInt()).as(story).isEqualTo(turn.path("cached_tokens").asInt());
      }
    }
    assertThat(turns.get(1).path("cached_tokens").asInt())
        .as(story)
        .isGreaterThanOrEqualTo(turns.get(0).path("input_tokens").asInt());
  }
}
