package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.PeerGateway.Answer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * llama.cpp behind a server of others, which reads a model that Hadal wrote. Its streams have their
 * usage in the event of the end, and no line end behind the word for it.
 */
class PeerLlamaCppTest {
  private static final NpmClient SERVER =
      NpmClient.of("inference-server", "inference-server@1.0.0-beta.32", "node-llama-cpp@3.21.1");

  @TempDir private Path folder = Path.of("");

  @Test
  void llamaCppAnswersAndIsCharged() throws Exception {
    Path modules = SERVER.install();
    // Modules look for packages beside themselves.
    Path script = modules.resolveSibling("inference-server.mjs");
    Files.copy(
        Path.of("src", "clients", "js", "inference-server.mjs"),
        script,
        StandardCopyOption.REPLACE_EXISTING);
    Path model = folder.resolve("tiny.gguf");
    Invocation made =
        Invocation.hadal(
            "synth", "--out", model.toString(), "--shape", "tiny", "--type", "F32", "--quiet");
    assertThat(made.exitCode()).as(made.err()).isZero();
    Path home = SERVER.freshHome("inference-server");
    List<String> command = List.of(script.toString(), "{port}", model.toString());
    try (PeerProcess llama = new PeerProcess(home, Map.of(), command);
        PeerGateway gateway =
            new PeerGateway(
                folder.resolve("gateway"),
                "upstreams:\n  - {name: llama, url: '%s/openai/v1', models: {small: tiny}}\n"
                    .formatted(llama.url()),
                List.of("llama/tiny"))) {
      Answer answer =
          gateway.post(
              "/v1/completions",
              "{'model':'small','prompt':'hello','max_tokens':8,'temperature':0}");
      assertThat(answer.status()).as(answer.body() + llama.log()).isEqualTo(200);
      assertThat(answer.upstream()).isEqualTo("llama");
      assertThat(answer.json().at("/usage/completion_tokens").asLong()).isEqualTo(8);
      PeerGateway.agrees(answer.last(), answer.json().path("usage"));

      // Chat with it does not heed max_tokens; a stop ends it soon.
      Answer stream =
          gateway.post(
              "/v1/chat/completions",
              "{'model':'small','stream':true,'stream_options':{'include_usage':true},"
                  + "'temperature':0,'seed':1,'max_tokens':8,'stop':['a','e','i','o','u','h','x'],"
                  + "'messages':[{'role':'user','content':'hello'}]}");
      assertThat(stream.status()).as(stream.body() + llama.log()).isEqualTo(200);
      assertThat(stream.body()).doesNotContain("\"error\"").contains("data: [DONE]\n\n");
      List<JsonNode> events = stream.events();
      assertThat(events.getLast().at("/choices/0/finish_reason").asString()).isEqualTo("stop");
      assertThat(stream.last().path("outcome").asString()).isEqualTo("COMPLETED");
      PeerGateway.agrees(stream.last(), events.getLast().path("usage"));
      gateway.balances();
    }
  }
}
