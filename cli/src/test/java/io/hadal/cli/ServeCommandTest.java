package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** The server as a process, from the command line to the signal that ends it. */
class ServeCommandTest {
  @TempDir private Path folder = Path.of("");

  private Process serve(String... more) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                Hadal.class.getName(),
                "serve",
                "--port",
                "0"));
    command.addAll(List.of(more));
    return new ProcessBuilder(command).redirectError(folder.resolve("err").toFile()).start();
  }

  private static HttpResponse<String> send(HttpClient http, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void servesTheEmbeddedModelUntilItIsToldToStop() throws Exception {
    Path keys = Files.writeString(folder.resolve("keys.txt"), "team sk-secret-123456789\n");
    Process process = serve("--keys", keys.toString(), "--context", "512");
    try (BufferedReader out = process.inputReader();
        HttpClient http = HttpClient.newHttpClient()) {
      String line = out.readLine();
      assertThat(line).as(Files.readString(folder.resolve("err"))).startsWith("serving ");
      String url = line.substring(line.indexOf("http"));
      assertThat(send(http, HttpRequest.newBuilder(URI.create(url + "/readyz"))).statusCode())
          .isEqualTo(200);
      URI chat = URI.create(url + "/v1/chat/completions");
      String body =
          """
          {"model":"hadal-nano","max_tokens":8,"temperature":0,
           "messages":[{"role":"user","content":"int add(int a, int b) {"}]}
          """;
      HttpRequest.Builder request =
          HttpRequest.newBuilder(chat)
              .header("content-type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(body));
      assertThat(send(http, request.copy()).statusCode()).isEqualTo(401);
      HttpResponse<String> answer =
          send(http, request.copy().header("authorization", "Bearer sk-secret-123456789"));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      JsonNode json = Json.parse(answer.body().getBytes(StandardCharsets.UTF_8), "answer");
      assertThat(json.at("/usage/completion_tokens").asInt(0)).isBetween(1, 8);

      Invocation locked = Invocation.hadal("connect", "codex", "--url", url);
      assertThat(locked.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(locked.err()).contains("--key").hasLineCount(1);
      Invocation connect =
          Invocation.hadal("connect", "codex", "--url", url, "--key", "sk-secret-123456789");
      assertThat(connect.exitCode()).as(connect.err()).isZero();
      assertThat(connect.out())
          .contains("model = \"hadal-nano\"", "model_context_window = 512", url + "/v1");

      process.destroy();
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(Files.readString(folder.resolve("err")))
          .contains("stopping", "\"outcome\":\"ok\"")
          .doesNotContain("sk-secret-123456789", "int add", "Exception");
    } finally {
      process.destroyForcibly();
    }
  }

  private static String address(BufferedReader out) throws IOException {
    String line = out.readLine();
    assertThat(line).startsWith("serving ");
    return line.substring(line.indexOf("http"));
  }

  /** Usage of a turn. */
  private static JsonNode turn(HttpClient http, String url, String messages) throws Exception {
    String body =
        "{\"model\":\"hadal-nano\",\"max_tokens\":8,\"temperature\":0,\"messages\":["
            + messages
            + "]}";
    HttpResponse<String> response =
        send(
            http,
            HttpRequest.newBuilder(URI.create(url + "/v1/chat/completions"))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return Json.parse(response.body().getBytes(StandardCharsets.UTF_8), "answer");
  }

  private static String message(String role, String text) {
    return JsonNodeFactory.instance.objectNode().put("role", role).put("content", text).toString();
  }

  /** Tokens of a prompt that were computed, in a turn whose past is known. */
  private static int computed(JsonNode answer) {
    return answer.at("/usage/prompt_tokens").asInt(0)
        - answer.at("/usage/prompt_tokens_details/cached_tokens").asInt(0);
  }

  /** Waits until the states of a prompt and its answer are in files, with their final names. */
  private static void awaitFiles(Path prefixes) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    List<Path> seen = List.of();
    while (System.nanoTime() < end) {
      Thread.sleep(500);
      List<Path> now = stored(prefixes);
      if (!now.isEmpty()
          && now.equals(seen)
          && now.stream().allMatch(f -> f.toString().endsWith(".prefix"))) {
        return;
      }
      seen = now;
    }
    throw new AssertionError("no files after a minute: " + seen);
  }

  /** As an agent does: a long first turn, then a short one behind it. */
  @Test
  void aConversationGoesOnBehindAKillWithoutComputingItsPastAgain() throws Exception {
    Path prefixes = folder.resolve("prefixes");
    Path config =
        Files.writeString(
            folder.resolve("serve.yaml"),
            "cache: {folder: '" + prefixes + "', disk_bytes: 200000000, interval_tokens: 256}\n");
    // Over 20,000 tokens, as agents send them, when there is time.
    boolean slow = Boolean.getBoolean("hadal.slow");
    StringBuilder code = new StringBuilder();
    for (int i = 0; i < (slow ? 1300 : 72); i++) {
      code.append("void add").append(i).append("(int value) { total += value * 3; }\n");
    }
    String first = message("user", code.toString());
    JsonNode answer;
    String second;
    Process process = serve("--cold", "--config", config.toString());
    try (BufferedReader out = process.inputReader();
        HttpClient http = HttpClient.newHttpClient()) {
      String url = address(out);
      answer = turn(http, url, first);
      assertThat(answer.at("/usage/prompt_tokens").asInt(0)).isGreaterThan(slow ? 20_000 : 900);
      second =
          first
              + ','
              + message("assistant", answer.at("/choices/0/message/content").asString(""))
              + ','
              + message("user", "int total() {");
      JsonNode next = turn(http, url, second);
      int fresh =
          next.at("/usage/prompt_tokens").asInt(0) - answer.at("/usage/prompt_tokens").asInt(0);
      assertThat(computed(next)).isLessThanOrEqualTo(fresh + 1);
      awaitFiles(prefixes);
    } finally {
      process.destroyForcibly().waitFor();
    }

    String third = second + ',' + message("assistant", "x") + ',' + message("user", "int mean() {");
    Process again = serve("--cold", "--config", config.toString());
    JsonNode cached;
    try (BufferedReader out = again.inputReader();
        HttpClient http = HttpClient.newHttpClient()) {
      cached = turn(http, address(out), third);
      assertThat(computed(cached)).isLessThan(64);
    } finally {
      again.destroyForcibly().waitFor();
    }

    if (!slow) {
      return;
    }
    // Damaged files are never served, as PrefixFolderTest has it without a process.
    for (Path file : stored(prefixes)) {
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length / 2] ^= 1;
      Files.write(file, bytes);
    }
    Process damaged = serve("--cold", "--config", config.toString());
    try (BufferedReader out = damaged.inputReader();
        HttpClient http = HttpClient.newHttpClient()) {
      JsonNode fresh = turn(http, address(out), third);
      assertThat(fresh.at("/usage/prompt_tokens_details/cached_tokens").asInt(9)).isZero();
      assertThat(fresh.at("/choices/0/message")).isEqualTo(cached.at("/choices/0/message"));
    } finally {
      damaged.destroyForcibly().waitFor();
    }
  }

  /** {@link ServePlatformTest} kills amid as many streams every time. */
  @Test
  @EnabledIfSystemProperty(named = "hadal.slow", matches = "true")
  void aKillAmidManyStreamsDoesNoHarm() throws Exception {
    Path config =
        Files.writeString(
            folder.resolve("serve.yaml"),
            "model: {context: 512}\ncache: {folder: prefixes, disk_bytes: 200000000}\n");
    Process process = serve("--cold", "--config", config.toString());
    try (BufferedReader out = process.inputReader();
        HttpClient http = HttpClient.newHttpClient()) {
      URI chat = URI.create(address(out) + "/v1/chat/completions");
      List<CompletableFuture<Long>> streams = new ArrayList<>();
      CountDownLatch begun = new CountDownLatch(10);
      for (int i = 0; i < 50; i++) {
        String body =
            "{\"model\":\"hadal-nano\",\"stream\":true,\"max_tokens\":300,\"messages\":["
                + message("user", "int f" + i + "(int a) {")
                + "]}";
        HttpRequest request =
            HttpRequest.newBuilder(chat)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        streams.add(
            http.sendAsync(request, HttpResponse.BodyHandlers.ofLines())
                .thenApply(
                    answer -> answer.body().peek(l -> begun.countDown()).filter(l -> !l.isEmpty()))
                .thenApplyAsync(Stream::count));
      }
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
      process.destroyForcibly().waitFor();
      for (CompletableFuture<Long> stream : streams) {
        // Whole, cut or refused: it ends.
        assertThat(stream.handle((n, e) -> true).get(20, TimeUnit.SECONDS)).isTrue();
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    Process again = serve("--cold", "--config", config.toString());
    try (BufferedReader out = again.inputReader();
        HttpClient http = HttpClient.newHttpClient()) {
      turn(http, address(out), message("user", "int f0(int a) {"));
      assertThat(Files.readString(folder.resolve("err"))).doesNotContain("Exception");
    } finally {
      again.destroyForcibly().waitFor();
    }
  }

  private static List<Path> stored(Path prefixes) throws IOException {
    if (!Files.isDirectory(prefixes)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(prefixes)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private void awaitError(String text) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!Files.readString(folder.resolve("err")).contains(text)) {
      assertThat(System.nanoTime()).as(Files.readString(folder.resolve("err"))).isLessThan(end);
      Thread.sleep(20);
    }
  }

  private static boolean hangUpsAreIgnored() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return false;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 1) != 0);
  }

  @Test
  void filesAreReadAgainWhileItRuns() throws Exception {
    Path keys = Files.writeString(folder.resolve("keys.txt"), "team sk-secret-123456789\n");
    String before = "listen: {trusted_proxies: [127.0.0.1]}\n";
    Path config =
        Files.writeString(
            folder.resolve("serve.yaml"),
            before + "access: {keys: keys.txt}\nmodel: {context: 256}\n");
    Process process = serve("--cold", "--config", config.toString());
    try (BufferedReader out = process.inputReader();
        HttpClient http = HttpClient.newHttpClient()) {
      HttpRequest.Builder models =
          HttpRequest.newBuilder(URI.create(address(out) + "/v1/models"))
              .header("x-forwarded-for", "203.0.113.9")
              .header("x-api-key", "sk-secret-123456789");
      assertThat(send(http, models).statusCode()).isEqualTo(200);
      awaitError("\"peer\":\"203.0.113.9\"");
      Files.writeString(keys, "team sk-other-1234567890\n");
      awaitError("reloaded: " + config);
      assertThat(send(http, models).statusCode()).isEqualTo(401);
      Files.writeString(config, before + "access: {keys: keys.txt}\nmodel: {context: 512}\n");
      awaitError("needs a restart: model.context");
      Files.writeString(config, "access: {kays: keys.txt}\n");
      awaitError("not reloaded, what held before goes on: " + config + ": access.kays is unknown");
      assertThat(process.isAlive()).isTrue();
      if (hangUpsAreIgnored()) {
        // As below nohup: processes inherit it, and the JVM respects it.
        return;
      }
      Path signals = Files.createFile(folder.resolve("signals"));
      assertThat(
              new ProcessBuilder("kill", "-HUP", Long.toString(process.pid()))
                  .redirectOutput(signals.toFile())
                  .start()
                  .waitFor())
          .isZero();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (Files.readString(folder.resolve("err")).split("not reloaded").length < 3) {
        assertThat(System.nanoTime()).as("a hang-up reads the files again").isLessThan(end);
        Thread.sleep(20);
      }
      assertThat(process.isAlive()).isTrue();
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void anAddressThatIsTakenIsSaidInOneLineBeforeThePlatformBegins() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      String port = Integer.toString(taken.getLocalPort());
      String data = folder.resolve("data").toString();
      Invocation serve = Invocation.hadal("serve", "--platform", "--data", data, "--port", port);
      assertThat(serve.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(serve.err())
          .contains("127.0.0.1:" + port + ": cannot listen")
          .doesNotContain("password");
      Invocation gateway = Invocation.hadal("serve", "--platform", "--gateway", "--data", data);
      assertThat(gateway.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(gateway.err()).contains("needs upstreams").doesNotContain("password");
      assertThat(folder.resolve("data")).doesNotExist();
    }
  }

  @Test
  void aServerForOthersNeedsKeys() throws Exception {
    Process process = serve("--host", "0.0.0.0");
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(Files.readString(folder.resolve("err"))).contains("--keys").doesNotContain("\tat ");
  }
}
