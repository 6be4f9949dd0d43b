package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.hadal.formats.Json;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.probe.ProbeTarget;
import io.hadal.platform.probe.QualityAlert;
import io.hadal.platform.probe.QualityListener;
import io.hadal.platform.probe.QualityOptions;
import io.hadal.platform.probe.QualityProbe;
import io.hadal.platform.probe.QualitySample;
import io.hadal.platform.probe.QualityStore;
import io.hadal.platform.registry.Manifest;
import io.hadal.platform.registry.ProbeResult.Outcome;
import io.hadal.platform.registry.ProbeStore;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.RunningVersions;
import io.hadal.server.trial.InnerCalls;
import io.hadal.server.trial.QualityMonitor;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class QualityProbeTest {
  private static final String VERSION = "flash@2026-01-01";
  private final Clock clock = Clock.systemUTC();

  /** A server that knows some answers; the worse one knows fewer and is less sure. */
  private static HttpServer server(boolean good) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/chat/completions",
        exchange -> {
          JsonNode body = Json.parse(exchange.getRequestBody().readAllBytes(), "body");
          String text = body.at("/messages/0/content").asString("");
          String message =
              "{\"content\":\"" + (good && text.contains("12 + 30") ? "42" : "?") + "\"";
          if (body.has("tools")) {
            String city = good ? "Rome" : "roma";
            message +=
                ",\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"get_weather\","
                    + "\"arguments\":\"{\\\"city\\\":\\\""
                    + city
                    + "\\\",\\\"unit\\\":\\\"celsius\\\"}\"}}]";
          }
          String answer =
              "{\"choices\":[{\"message\":"
                  + message
                  + "},\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":"
                  + (good ? -0.5 : -1.0)
                  + "}]}}]}";
          byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    return server;
  }

  private static ProbeTarget at(HttpServer server) {
    return new ProbeTarget(
        "http://127.0.0.1:" + server.getAddress().getPort(), null, "m", Duration.ofSeconds(10));
  }

  @Test
  void aWorseBackendStandsOut() throws Exception {
    HttpServer good = server(true);
    HttpServer bad = server(false);
    try {
      QualityProbe probe = new QualityProbe(clock);
      QualitySample one = probe.run(VERSION, "east", at(good), null);
      assertThat(one.exactAnswers()).isEqualTo(1);
      assertThat(one.validCalls()).isEqualTo(one.calls()).isPositive();
      assertThat(one.logprobDistance()).isNull();
      QualitySample two = probe.run(VERSION, "west", at(bad), at(good));
      assertThat(two.validCalls()).isZero();
      assertThat(two.logprobDistance()).isEqualTo(0.5);
      assertThat(two.failures()).isZero();
    } finally {
      good.stop(0);
      bad.stop(0);
    }
    QualitySample nobody =
        new QualityProbe(clock)
            .run(
                VERSION,
                "x",
                new ProbeTarget("http://127.0.0.1:1", null, "m", Duration.ofSeconds(1)),
                null);
    assertThat(nobody.failures()).isEqualTo(nobody.calls() + nobody.questions());
  }

  @Test
  void oneNodeLooksWhenItIsTimeAndProbesWhatIsNew() throws Exception {
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      Registry registry = new Registry(database, clock);
      String manifest =
          "{\"kind\":\"routed\",\"family\":\"flash\",\"upstream_model\":\"u\","
              + "\"backends\":[\"east\",\"west\"],\"context\":1024}";
      registry.draft(Manifest.of(TestServer.json(manifest), "manifest"), "2026-01-01", "ann");
      registry.activate(VERSION, "ann");
      ProbeStore probes = new ProbeStore(database, registry);
      QualityStore store = new QualityStore(database);
      List<QualityAlert> alerts = new ArrayList<>();
      List<String> well = new ArrayList<>();
      QualityListener listener =
          new QualityListener() {
            @Override
            public void worse(QualityAlert alert) {
              alerts.add(alert);
            }

            @Override
            public void well(String version, String backend) {
              well.add(backend);
            }
          };
      InnerCalls calls =
          new InnerCalls(
              new RecordingGate(),
              (call, operation) -> {
                boolean east =
                    Objects.requireNonNull(call.resolution()).backends().contains("east");
                byte[] body = call.body(1 << 20);
                boolean asked = new String(body, StandardCharsets.UTF_8).contains("12 + 30");
                String text = east ? asked ? "42" : "?" : "so";
                String answer =
                    "{\"choices\":[{\"message\":{\"content\":\""
                        + text
                        + "\"}}],\"usage\":{"
                        + "\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}";
                call.exchange()
                    .send(200, "application/json", answer.getBytes(StandardCharsets.UTF_8));
              });
      try (QualityMonitor monitor =
          new QualityMonitor(
              registry,
              probes,
              store,
              calls,
              listener,
              RunningVersions.UNKNOWN,
              new SimpleMeterRegistry(),
              clock)) {
        monitor.tick();
        // Nobody asked for looks, but a new version is probed.
        assertThat(store.versions()).isEmpty();
        assertThat(probes.last(VERSION))
            .anyMatch(r -> r.feature().equals("chat") && r.outcome() == Outcome.PASSED)
            .anyMatch(r -> r.feature().equals("tools") && r.outcome() == Outcome.FAILED);
        monitor.options(new QualityOptions(Duration.ofHours(1), 0.1, 0.25, true));
        monitor.tick();
        monitor.tick();
        assertThat(store.history(VERSION, 10)).hasSize(2);
        assertThat(alerts).extracting(QualityAlert::backend).containsExactly("west");
        assertThat(alerts.getFirst().detail()).contains("0 % of answers are right");
        monitor.sample(VERSION);
        assertThat(store.history(VERSION, 10)).hasSize(4);
        // Who is told knows what it has heard.
        assertThat(alerts).extracting(QualityAlert::backend).containsExactly("west", "west");
        assertThat(well).contains("east").doesNotContain("west");
      }
    }
  }
}
