package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.serving.Dispatcher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigReloadTest {
  private static final String ALICE = "sk-alice-0123456789";
  private static final String BOB = "sk-bob-0123456789ab";

  @TempDir private Path folder = Path.of("");

  private final List<String> lines = Collections.synchronizedList(new ArrayList<>());

  private final List<String> audited = Collections.synchronizedList(new ArrayList<>());

  private void await(String line) throws InterruptedException {
    long end = System.nanoTime() + TestServer.PATIENCE.toNanos();
    while (lines.stream().noneMatch(l -> l.contains(line))) {
      assertThat(System.nanoTime()).as(line + " in " + lines).isLessThan(end);
      Thread.sleep(10);
    }
    lines.clear();
  }

  private static int status(TestServer server, String key) {
    return server.get("/v1/models", "x-api-key", key).statusCode();
  }

  @Test
  void filesThatChangeAreApplied() throws Exception {
    Path keys = Files.writeString(folder.resolve("keys"), "alice " + ALICE + "\nbob " + BOB + "\n");
    Path file = Files.writeString(folder.resolve("serve.yaml"), "access: {keys: keys}\n");
    try (TestServer server = new TestServer(KeyRing.read(keys), ServerLimits.DEFAULT, 256, 16);
        ConfigReload reload =
            new ConfigReload(
                file,
                null,
                false,
                ServeConfig.read(file),
                server.server,
                lines::add,
                (result, before, after) -> audited.add(result + before + after))) {
      assertThat(reload).isNotNull();
      assertThat(status(server, BOB)).isEqualTo(200);
      Files.writeString(keys, "alice " + ALICE + "\n");
      await("reloaded");
      assertThat(status(server, BOB)).isEqualTo(401);
      assertThat(status(server, ALICE)).isEqualTo(200);

      Files.writeString(keys, "alice\n");
      await("what held before goes on: " + keys + ":1");
      assertThat(status(server, ALICE)).isEqualTo(200);
      Files.writeString(file, "access: {keys: keys}\nlimits: {keep_alive_second: 3}\n");
      await("limits.keep_alive_second is unknown");
      // Nobody may come in without a key because of a slip.
      Files.writeString(file, "log: {access: false}\n");
      await("needs access.keys");
      assertThat(status(server, "sk-wrong-0123456789")).isEqualTo(401);
      assertThat(server.server.limits()).isEqualTo(ServerLimits.DEFAULT);

      Files.writeString(folder.resolve("others"), "bob " + BOB + "\n");
      Files.writeString(
          file,
          "access: {keys: others}\n"
              + "limits: {keep_alive_seconds: 3, request_seconds: 1, waiting: 0, running: 1}\n"
              + "idempotency: {keys: 5}\n"
              + "model: {context: 99}\n"
              + "log: {access: false}\n");
      await("needs a restart: model.context");
      // The log is told first.
      while (!audited.getLast().startsWith("reloaded")) {
        Thread.sleep(5);
      }
      assertThat(audited.getLast())
          .contains("\"limits.waiting\":\"1024\"", "\"limits.waiting\":\"0\"", "file_sha256")
          .doesNotContain("limits.token_millis", ALICE);
      server.log.clear();
      assertThat(status(server, ALICE)).isEqualTo(401);
      assertThat(status(server, BOB)).isEqualTo(200);
      assertThat(server.server.limits().keepAlive()).isEqualTo(Duration.ofSeconds(3));
      assertThat(server.server.limits().idempotency().keys()).isEqualTo(5);
      assertThat(server.log).isEmpty();
      Files.writeString(folder.resolve("others"), "carol " + ALICE + "\n");
      await("reloaded");
      assertThat(status(server, ALICE)).isEqualTo(200);
    }
  }

  @Test
  void timesAndPlacesHoldFromTheNextRequestOn() throws Exception {
    Path file = Files.writeString(folder.resolve("serve.yaml"), "");
    try (TestServer server = new TestServer(null, ServerLimits.DEFAULT, 200_000, 16);
        ConfigReload reload =
            new ConfigReload(
                file,
                null,
                true,
                ServeConfig.read(file),
                server.server,
                lines::add,
                (result, before, after) -> {})) {
      Files.writeString(file, "limits: {request_seconds: 1, running: 1, waiting: 0}\n");
      reload.reload();
      await("reloaded");
      Thread first =
          Thread.startVirtualThread(
              () -> server.post("/v1/chat/completions", ConnectionsTest.endless(server, "")));
      Dispatcher dispatcher = server.served.dispatcher();
      while (dispatcher.stats().running() == 0) {
        Thread.sleep(5);
      }
      assertThat(
              server
                  .post("/v1/completions", "{'model':'tiny','prompt':'x','max_tokens':1}")
                  .statusCode())
          .isEqualTo(503);
      first.join();
      server.awaitLog("\"outcome\":\"timeout\"");
    }
  }
}
