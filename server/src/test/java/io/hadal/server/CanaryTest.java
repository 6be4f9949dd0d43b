package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Texts of a project with zero data retention are nowhere when its requests are over: not in logs,
 * database, journal, metrics, traces, and not in memory (platform specification, test 14).
 */
class CanaryTest {
  /** With both, each in both ways; without, streams of one and whole answers of the other. */
  private static final boolean SLOW = Boolean.getBoolean("hadal.slow");

  /**
   * All texts of requests and answers have one of them. They are longer than the single words that
   * a tokenizer remembers.
   */
  private static final String CANARY = "KANARIENvogelKANARIENvogelKANARIENvogel";

  private static final String MAIL = "kanarienvogelkanarienvogelkanarienvogel@example.org";

  @TempDir private Path folder;

  private final HttpClient http = HttpClient.newHttpClient();
  private final ByteArrayOutputStream traces = new ByteArrayOutputStream();
  private int port;
  private String session = "";
  private String csrf = "";

  private HttpResponse<String> send(
      HttpClient client, String method, String path, @Nullable String body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("content-type", "application/json")
            .timeout(TestServer.PATIENCE);
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    HttpRequest.BodyPublisher content =
        body == null
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofString(body.replace('\'', '"'));
    return client.send(
        request.method(method, content).build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> admin(String method, String path, @Nullable String body)
      throws Exception {
    HttpResponse<String> answer =
        send(http, method, "/admin/v1" + path, body, "cookie", session, "x-csrf-token", csrf);
    assertThat(answer.statusCode()).as(path + answer.body()).isBetween(200, 299);
    return answer;
  }

  private void signIn(String password) throws Exception {
    HttpResponse<String> in =
        send(
            http,
            "POST",
            "/admin/v1/session",
            "{'name':'administrator','password':'" + password + "'}");
    session = in.headers().firstValue("set-cookie").orElseThrow().replaceFirst(";.*", "");
    csrf = TestServer.json(in).at("/csrf_token").asString();
  }

  private String key(String slug, String policy) throws Exception {
    String team = TestServer.json(admin("GET", "/teams", null)).at("/data/0/id").asString();
    String project =
        TestServer.json(
                admin(
                    "POST",
                    "/projects",
                    "{'team':'%s','slug':'%s','name':'%s','policy':%s}"
                        .formatted(team, slug, slug, policy)))
            .at("/id")
            .asString();
    return TestServer.json(admin("POST", "/keys", "{'name':'k','project':'" + project + "'}"))
        .at("/text")
        .asString();
  }

  /** Bodies of all dialects with the canary in every text. */
  private static List<String[]> requests(String model, boolean stream) {
    String text = "'" + CANARY + " of " + MAIL + "'";
    String head =
        "{'model':'"
            + model
            + "','stream':"
            + stream
            + ",'user':"
            + text
            + ",'max_tokens':4,"
            + "'options':{'num_predict':4},";
    String messages = "'messages':[{'role':'user','content':" + text + "}]";
    String tools =
        ",'tools':[{'type':'function','function':{'name':'f','description':" + text + "}}]";
    List<String[]> all = new ArrayList<>();
    all.add(new String[] {"/v1/chat/completions", head + messages + tools + "}"});
    all.add(new String[] {"/v1/completions", head + "'echo':true,'prompt':" + text + "}"});
    all.add(
        new String[] {
          "/v1/responses",
          "{'model':'"
              + model
              + "','stream':"
              + stream
              + ",'max_output_tokens':4,'instructions':"
              + text
              + ",'input':[{'role':'user','content':"
              + text
              + "}]}"
        });
    all.add(new String[] {"/v1/messages", head + "'system':" + text + "," + messages + "}"});
    all.add(new String[] {"/v1/messages/count_tokens", head + messages + "}"});
    all.add(new String[] {"/v1/responses/input_tokens", head + "'input':" + text + "}"});
    all.add(new String[] {"/v1/embeddings", "{'model':'" + model + "','input':[" + text + "]}"});
    all.add(new String[] {"/api/chat", head + messages + "}"});
    all.add(new String[] {"/api/generate", head + "'prompt':" + text + "}"});
    all.add(new String[] {"/api/embed", head + "'input':" + text + "}"});
    return all;
  }

  /** Requests that fail, each in a way of its own. */
  private static List<String[]> mistakes() {
    String chat = "/v1/chat/completions";
    return List.of(
        new String[] {chat, "{'model':'tiny','messages':[{'role':'user','content':'" + CANARY},
        new String[] {chat, CANARY},
        new String[] {chat, "{'model':'tiny','messages':'" + CANARY + "'}"},
        new String[] {chat, "{'model':'tiny','messages':[{'role':'" + CANARY + "'}]}"},
        new String[] {chat, "{'model':'tiny','temperature':'" + CANARY + "','messages':[]}"},
        new String[] {chat, "{'model':'" + CANARY + "','messages':[]}"},
        new String[] {
          chat,
          "{'model':'tiny','messages':[{'role':'user','content':'"
              + CANARY
              + " ".repeat(20_000)
              + "x y".repeat(2000)
              + "'}]}"
        },
        new String[] {
          chat,
          "{'model':'tiny','response_format':{'type':'json_schema','json_schema':{'name':'s',"
              + "'schema':{'type':'"
              + CANARY
              + "'}}},'messages':[{'role':'user','content':'a'}]}"
        },
        new String[] {"/v1/messages", "{'model':'tiny','messages':[{'role':'" + CANARY + "'}]}"},
        new String[] {"/v1/images/generations", "{'model':'tiny','prompt':'" + CANARY + "'}"},
        new String[] {"/v1/videos", "{'model':'tiny','prompt':'" + CANARY + "'}"},
        new String[] {"/v1/" + CANARY, "{}"});
  }

  private void run(HttpClient client, String key, boolean stream, ScriptedUpstream upstream)
      throws Exception {
    for (String[] request : requests("tiny", stream)) {
      HttpResponse<String> answer = post(client, key, request, "s" + stream + request[0]);
      assertThat(answer.statusCode()).as(request[0] + answer.body()).isEqualTo(200);
    }
    upstream.then(
        ScriptedUpstream.stream(
            ScriptedUpstream.ROLE,
            ScriptedUpstream.text(CANARY + " said"),
            ScriptedUpstream.STOP,
            ScriptedUpstream.USAGE,
            ScriptedUpstream.DONE),
        ScriptedUpstream.cut(ScriptedUpstream.ROLE, ScriptedUpstream.text(CANARY)),
        ScriptedUpstream.answer(400, "{\"error\":{\"message\":\"" + CANARY + "\"}}"),
        ScriptedUpstream.answer(200, "{\"" + CANARY),
        ScriptedUpstream.answer(500, CANARY));
    for (int i = 0; i < 5; i++) {
      post(client, key, requests("m", i < 2).getFirst(), "u" + i);
    }
    assertThat(upstream.requests.size()).isGreaterThanOrEqualTo(5);
    for (String[] request : mistakes()) {
      assertThat(post(client, key, request, "e").statusCode()).as(request[1]).isBetween(400, 599);
    }
  }

  private HttpResponse<String> post(HttpClient client, String key, String[] request, String once)
      throws Exception {
    return send(
        client,
        "POST",
        request[0],
        request[1],
        "authorization",
        "Bearer " + key,
        "x-session-id",
        CANARY,
        "idempotency-key",
        once.replaceAll("[^a-z0-9]", "-"),
        "anthropic-version",
        "2023-06-01");
  }

  private HttpServer collector() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
    server.createContext(
        "/v1/traces",
        exchange -> {
          synchronized (traces) {
            exchange.getRequestBody().transferTo(traces);
          }
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  private Process child(Path config, int collector) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-Xmx256m",
            "-cp",
            System.getProperty("java.class.path"),
            CanaryServer.class.getName(),
            folder.toString(),
            config.toString(),
            "http://127.0.0.1:" + collector));
    return new ProcessBuilder(command).redirectError(folder.resolve("stderr.log").toFile()).start();
  }

  @Test
  void nothingOfItStays() throws Exception {
    try (ScriptedUpstream upstream = new ScriptedUpstream()) {
      HttpServer collector = collector();
      Path config =
          Files.writeString(
              folder.resolve("serve.yaml"),
              "upstreams:\n" + Gateway.upstream("a", upstream.port(), "zdr: true"));
      Process child = child(config, collector.getAddress().getPort());
      try {
        watch(child, upstream);
      } finally {
        child.destroy();
        child.waitFor();
        collector.stop(0);
        http.close();
      }
    }
  }

  private void watch(Process child, ScriptedUpstream upstream) throws Exception {
    BufferedReader told =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
    String hello = told.readLine();
    assertThat(hello).as(Files.readString(folder.resolve("stderr.log"))).isNotNull();
    port = Integer.parseInt(hello.split(" ")[0]);
    signIn(hello.split(" ")[1]);
    String plain = key("plain-zdr", "{'zdr':true}");
    String redacting = key("redacting-zdr", "{'zdr':true,'redaction':'pseudonymise'}");
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (boolean stream : SLOW ? new boolean[] {true, false} : new boolean[] {true}) {
        run(client, plain, stream, upstream);
        run(client, redacting, !stream, upstream);
      }
      for (String mode : List.of("mask", "pseudonymise", "block")) {
        admin(
            "POST",
            "/redaction/trial",
            "{'mode':'"
                + mode
                + "','text':'"
                + CANARY
                + " of "
                + MAIL
                + "','detectors':[{'kind':"
                + "'BIRD','words':['"
                + CANARY
                + "']}]}");
      }
      String metrics =
          send(client, "GET", "/metrics", null, "authorization", "Bearer " + TestServer.FIGURES)
              .body();
      assertThat(metrics)
          .contains("llm_requests_total", "llm_redactions_total")
          .doesNotContainIgnoringCase(CANARY);
      // Buffers of a connection hold its newest request until there is another one, or none.
      upstream.then(ScriptedUpstream.answer(400, "{}"));
      for (int i = 0; i < 3; i++) {
        admin("POST", "/backends/a/probe", "{}");
      }
    }
    http.close();
    tell(child, told, "settle");
    Path dump = folder.resolve("memory.hprof");
    tell(child, told, dump.toString());
    // On a busy machine the thread of a connection that has been closed may still be ending.
    for (int looks = 1; looks < 3 && (holds(dump, CANARY) || holds(dump, MAIL)); looks++) {
      Thread.sleep(3000);
      Files.delete(dump);
      tell(child, told, dump.toString());
    }
    // What has to be there is there, so that what is not found is not there.
    assertThat(holds(dump, "CONTROL-IN-" + "MEMORY")).isTrue();
    byte[] spans;
    synchronized (traces) {
      spans = traces.toByteArray();
    }
    assertThat(new String(spans, StandardCharsets.ISO_8859_1))
        .contains("upstream attempt 1", "prefill", "gen_ai.usage.output_tokens", "tiny@2026")
        .doesNotContainIgnoringCase(CANARY);
    List<String> found = new ArrayList<>();
    boolean slug = false;
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        slug |= holds(file, "redacting-zdr");
        if (holds(file, CANARY) || holds(file, MAIL)) {
          found.add(folder.relativize(file).toString());
        }
      }
    }
    assertThat(slug).isTrue();
    assertThat(Files.readString(folder.resolve("access.log"))).contains("\"outcome\":\"ok\"");
    assertThat(found).as("files with the canary, memory.hprof is the heap").isEmpty();
  }

  private static void tell(Process child, BufferedReader told, String line) throws IOException {
    child.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
    child.getOutputStream().flush();
    assertThat(Objects.requireNonNull(told.readLine(), "it has ended")).isEqualTo("done");
  }

  /** Whether a file has a text, in one or in two bytes a character. */
  private static boolean holds(Path file, String text) throws IOException {
    return contains(file, text.getBytes(StandardCharsets.ISO_8859_1))
        || contains(file, text.getBytes(StandardCharsets.UTF_16LE))
        || contains(file, text.getBytes(StandardCharsets.UTF_16BE));
  }

  private static boolean contains(Path file, byte[] text) throws IOException {
    int piece = 16 << 20;
    byte[] buffer = new byte[piece + text.length];
    int kept = 0;
    try (InputStream in = Files.newInputStream(file)) {
      int read = in.readNBytes(buffer, 0, piece);
      while (read > 0) {
        int length = kept + read;
        for (int i = 0; i + text.length <= length; i++) {
          if (buffer[i] == text[0] && matches(buffer, i, text)) {
            return true;
          }
        }
        kept = Math.min(text.length - 1, length);
        System.arraycopy(buffer, length - kept, buffer, 0, kept);
        read = in.readNBytes(buffer, kept, piece);
      }
    }
    return false;
  }

  private static boolean matches(byte[] bytes, int at, byte[] text) {
    for (int i = 1; i < text.length; i++) {
      if (bytes[at + i] != text[i]) {
        return false;
      }
    }
    return true;
  }
}
