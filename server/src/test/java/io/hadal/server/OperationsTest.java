package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class OperationsTest {
  private static final TestServer SERVER = new TestServer();
  private static final String ASK =
      "{'model':'tiny','max_tokens':3,'messages':[{'role':'user','content':'canary'}]}";

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  @Test
  void figuresForPrometheus() {
    SERVER.post("/v1/chat/completions", ASK);
    SERVER.post("/v1/chat/completions", "{");
    String text = SERVER.get("/metrics").body();
    assertThat(text)
        .contains(
            "llm_requests_total{",
            "outcome=\"ok\"",
            "outcome=\"invalid_json\"",
            "llm_time_to_first_token_seconds_bucket",
            "llm_tokens_total{kind=\"output\"",
            "llm_queue_depth{class=\"interactive\"",
            "gen_ai_server_request_duration",
            "llm_kv_cache_bytes")
        .doesNotContain("canary");
  }

  @Test
  void healthTellsWarmUpAndSlowPaths() {
    assertThat(SERVER.get("/health").body())
        .contains("\"status\":\"ready\"")
        .contains("\"warm_up\":{\"state\":\"off\",\"progress\":1.0")
        .contains("\"slow_paths\":[");
    assertThat(SERVER.get("/metrics").body())
        .contains("llm_warm_up_progress{")
        .contains("llm_slow_paths");
    assertThat(SERVER.get("/readyz").body()).isEqualTo("ready\n");
  }
}
