package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import io.hadal.platform.ledger.Balance;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.tenancy.Scope;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class AccessTest {
  private static final String KEY = "sk-test-0123456789abcdef";
  private static final String ASK =
      "{'model':'tiny','max_tokens':2,'messages':[{'role':'user','content':'canary-content'}]}";

  @TempDir private Path folder = Path.of("");

  @Test
  void keysInEverySpelling() throws Exception {
    Path file = folder.resolve("keys");
    Files.writeString(file, "# people\nalice " + KEY + "\nbob sha256:" + "0".repeat(64) + "\n");
    try (TestServer server = new TestServer(KeyRing.read(file), ServerLimits.DEFAULT, 256, 16)) {
      for (String[] header :
          new String[][] {
            {"authorization", "Bearer " + KEY},
            {"authorization", "bearer  " + KEY + " "},
            {"x-api-key", KEY},
            {"api-key", KEY},
            {"authorization", "Bearer " + KEY, "x-api-key", "wrong"}
          }) {
        assertThat(server.post("/v1/chat/completions", ASK, header).statusCode()).isEqualTo(200);
        assertThat(server.post("/v1/messages", ASK, header).statusCode()).isEqualTo(200);
      }
      for (String[] header :
          new String[][] {
            {"authorization", "Bearer sk-wrong-0123456789"},
            {"x-api-key", "sk-wrong-0123456789"},
            {"authorization", "Bearer wrong", "x-api-key", KEY},
            {"accept", "*/*"}
          }) {
        HttpResponse<String> openAi = server.post("/v1/chat/completions", ASK, header);
        assertThat(openAi.statusCode()).isEqualTo(401);
        assertThat(openAi.headers().firstValue("x-should-retry")).hasValue("false");
        assertThat(TestServer.json(openAi).get("error").get("code").stringValue())
            .isEqualTo("invalid_api_key");
        JsonNode anthropic = TestServer.json(server.post("/v1/messages", ASK, header));
        assertThat(anthropic.get("error").get("type").stringValue())
            .isEqualTo("authentication_error");
        assertThat(openAi.body()).doesNotContain("sk-wrong-0123456789");
      }
      assertThat(server.get("/healthz").statusCode()).isEqualTo(200);
      assertThat(server.get("/v1/models").statusCode()).isEqualTo(401);
      assertThat(server.log).anyMatch(l -> l.contains("\"key\":\"alice\""));
      String[] alice = {"authorization", "Bearer " + KEY};
      assertThat(server.get("/metrics").statusCode()).isEqualTo(401);
      assertThat(server.get("/metrics", alice).statusCode()).isEqualTo(200);
      server.server.metricsToken(new SecretText("token"));
      assertThat(server.get("/metrics", alice).statusCode()).isEqualTo(401);
      assertThat(server.get("/metrics", "authorization", "Bearer token").statusCode())
          .isEqualTo(200);
      assertThat(server.get("/v1/models", "authorization", "Bearer token").statusCode())
          .isEqualTo(401);
      assertThat(String.join("\n", server.log)).doesNotContain(KEY, "canary", "sk-wrong");
    }
  }

  @Test
  void pagesOfNamedOriginsMayUseTheApi() throws Exception {
    String page = "https://app.example";
    try (TestServer server = new TestServer()) {
      String allowed = "access-control-allow-origin";
      assertThat(server.post("/v1/chat/completions", ASK, "origin", page).headers().map())
          .doesNotContainKey(allowed);
      server.server.origins(List.of(page));
      HttpResponse<String> answer = server.post("/v1/chat/completions", ASK, "origin", page);
      assertThat(answer.headers().firstValue(allowed)).hasValue(page);
      assertThat(answer.headers().firstValue("vary")).hasValue("origin");
      assertThat(answer.headers().firstValue("access-control-expose-headers").orElse(""))
          .contains("x-request-id", "anthropic-ratelimit-input-tokens-reset", "retry-after-ms");
      HttpResponse<String> asked = preflight(server, page, "/v1/messages");
      assertThat(asked.statusCode()).isEqualTo(204);
      assertThat(asked.headers().firstValue("access-control-allow-methods")).hasValue("POST");
      assertThat(asked.headers().firstValue("access-control-allow-headers").orElse(""))
          .contains("authorization", "anthropic-version", "x-stainless-os")
          .doesNotContain("cookie");
      HttpResponse<String> other = preflight(server, "https://other.example", "/v1/messages");
      assertThat(other.statusCode()).isEqualTo(405);
      assertThat(other.headers().map()).doesNotContainKey(allowed);
      // What a session may do is not for other pages.
      assertThat(preflight(server, page, "/metrics").headers().map()).doesNotContainKey(allowed);
      server.server.origins(List.of("*"));
      assertThat(preflight(server, "null", "/v1/models").headers().firstValue(allowed))
          .hasValue("*");
    }
  }

  private static HttpResponse<String> preflight(TestServer server, String origin, String path) {
    return server.send(
        server
            .request(path)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization, x-stainless-os, cookie")
            .method("OPTIONS", java.net.http.HttpRequest.BodyPublishers.noBody())
            .build());
  }

  @Test
  void aBalanceIsWhatIsPaidAheadOrWhatBudgetsLeave() {
    AtomicReference<@Nullable Long> left = new AtomicReference<>();
    PlatformAccess.Balances balances =
        new PlatformAccess.Balances() {
          @Override
          public Balance of(String project) {
            return new Balance(-5_000_000_000L, 0, 0, -5_000_000_000L);
          }

          @Override
          public boolean paysAhead(String project) {
            return false;
          }

          @Override
          public @Nullable Long budgetLeft(Identity identity) {
            return left.get();
          }
        };
    Identity identity =
        new Identity(
            "o", "t", "p", "k", null, Set.of(Scope.INFERENCE), List.of(), ProjectPolicy.DEFAULT);
    try (TestServer server =
        TestServer.with(
            new PlatformAccess(
                (key, address, project) -> identity,
                new RecordingGate(),
                balances,
                null,
                null,
                null,
                null,
                null,
                null))) {
      Long[] budgets = {null, 9_509_999_999L, 0L};
      String[] totals = {"-5.00", "9.50", "0.00"};
      for (int i = 0; i < budgets.length; i++) {
        left.set(budgets[i]);
        JsonNode told = TestServer.json(server.get("/user/balance"));
        assertThat(told.get("is_available").asBoolean()).isEqualTo(i < 2);
        assertThat(told.at("/balance_infos/0/total_balance").asString()).isEqualTo(totals[i]);
        assertThat(told.at("/balance_infos/0/granted_balance").asString())
            .isEqualTo(i == 0 ? "0.00" : totals[i]);
      }
    }
  }

  @Test
  void brokenKeyFiles() throws Exception {
    for (String text : new String[] {"", "alice", "alice short", "a/b " + KEY, "a sha256:12"}) {
      Path file = folder.resolve("broken");
      Files.writeString(file, text);
      assertThatThrownBy(() -> KeyRing.read(file)).isInstanceOf(FormatException.class);
    }
    assertThatThrownBy(() -> KeyRing.read(folder.resolve("none")))
        .isInstanceOf(FormatException.class);
  }

  @Test
  void modelsForEveryReader() {
    try (TestServer server = new TestServer()) {
      JsonNode list = TestServer.json(server.get("/v1/models?limit=1000"));
      assertThat(list.get("object").stringValue()).isEqualTo("list");
      assertThat(list.get("data").size()).isEqualTo(2);
      assertThat(list.get("last_id").stringValue()).isEqualTo("claude-tiny");
      JsonNode one = TestServer.json(server.get("/v1/models/tiny"));
      assertThat(one.get("context_window").intValue()).isEqualTo(1024);
      assertThat(one.get("created_at").stringValue()).isEqualTo("1970-01-01T00:00:00Z");
      assertThat(server.get("/v1/models/none").statusCode()).isEqualTo(404);
      JsonNode page = TestServer.json(server.get("/models?limit=1"));
      assertThat(page.get("has_more").booleanValue()).isTrue();
      assertThat(TestServer.json(server.get("/v1/models?lifecycle=active")).get("data")).hasSize(2);
      assertThat(TestServer.json(server.get("/v1/models?lifecycle=deprecated")).get("data"))
          .isEmpty();
      JsonNode before = TestServer.json(server.get("/v1/models?limit=1&before_id=claude-tiny"));
      assertThat(before.at("/data/0/id").asString()).isEqualTo("tiny");
    }
  }
}
