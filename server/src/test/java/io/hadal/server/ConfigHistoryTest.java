package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ConfigHistoryTest {
  @Test
  void tellsWhatWasSetAndWhatReloadsDid() {
    ConfigHistory history =
        new ConfigHistory(
            Clock.systemUTC(), TestServer.json("{\"a\":\"1\",\"b\":null,\"c\":\"3\"}"));
    history.started(TestServer.json("{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}"));
    history.applied(TestServer.json("{\"a\":\"1\",\"b\":\"2\",\"c\":\"4\"}"), List.of("c"));
    history.refused("x is unknown");
    JsonNode json = history.json();
    assertThat(json.at("/config/c").asString()).isEqualTo("4");
    assertThat(json.path("changed").toString())
        .isEqualTo(
            "[{\"key\":\"b\",\"before\":null,\"after\":\"2\"},"
                + "{\"key\":\"c\",\"before\":\"3\",\"after\":\"4\"}]");
    assertThat(json.at("/reloads/0/problem").asString()).isEqualTo("x is unknown");
    assertThat(json.at("/reloads/0/applied").asBoolean()).isFalse();
    assertThat(json.at("/reloads/1/applied").asBoolean()).isTrue();
    assertThat(json.at("/reloads/1/changes/0/key").asString()).isEqualTo("c");
    assertThat(json.at("/reloads/1/needs_restart/0").asString()).isEqualTo("c");
    assertThat(json.at("/reloads/1/changes")).hasSize(1);
  }
}
