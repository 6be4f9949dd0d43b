package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.Json;
import io.hadal.server.console.Console;
import io.hadal.server.http.HelidonListener;
import io.hadal.server.http.HttpServerKind;
import io.hadal.server.http.ListenerOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The console over real HTTP, and what its files say. */
class ConsoleTest {
  private static final Path FOLDER = Path.of("src/main/resources/io/hadal/server/console");
  private static final ConsoleServer SERVER = new ConsoleServer();

  /** The namespace of drawings is a name, not an address. */
  private static final String SVG = "http://www.w3.org/2000/svg";

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  private static String version() {
    var found =
        Pattern.compile("src=\"([0-9a-f]{16})/app.js\"").matcher(SERVER.get("/console/").body());
    assertThat(found.find()).isTrue();
    return found.group(1);
  }

  private static List<String> files() {
    try (Stream<Path> all = Files.walk(FOLDER)) {
      return all.filter(Files::isRegularFile)
          .map(file -> FOLDER.relativize(file).toString().replace('\\', '/'))
          .filter(name -> !name.equals("index.html"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(String name) {
    try {
      return Files.readString(FOLDER.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @Test
  void thePageIsAskedForAgainAndNamesItsParts() {
    HttpResponse<String> page = SERVER.get("/console/");
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(header(page, "content-type")).isEqualTo("text/html; charset=utf-8");
    assertThat(header(page, "cache-control")).isEqualTo("no-cache");
    assertThat(header(page, "content-security-policy"))
        .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
        .doesNotContain("unsafe", "http");
    // Script and style come from files only.
    assertThat(page.body()).doesNotContain("%VERSION%", "<style", " style=", " onload=");
    assertThat(Pattern.compile("<script(?![^>]*src=)").matcher(page.body()).find()).isFalse();
    HttpResponse<String> same = SERVER.get("/console/", "if-none-match", header(page, "etag"));
    assertThat(same.statusCode()).isEqualTo(304);
    assertThat(same.body()).isEmpty();
    HttpResponse<String> bare = SERVER.get("/console");
    assertThat(bare.statusCode()).isEqualTo(308);
    assertThat(header(bare, "location")).isEqualTo("console/");
  }

  @Test
  void everyFileIsServedWithItsTypeForEver() {
    String version = version();
    Map<String, String> types =
        Map.of(
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "json", "application/json",
            "svg", "image/svg+xml");
    for (String name : files()) {
      HttpResponse<String> file = SERVER.get("/console/" + version + "/" + name);
      assertThat(file.statusCode()).as(name).isEqualTo(200);
      assertThat(file.body()).as(name).isEqualTo(text(name));
      assertThat(header(file, "content-type"))
          .isEqualTo(types.get(name.substring(name.lastIndexOf('.') + 1)));
      assertThat(header(file, "cache-control")).contains("immutable");
      assertThat(header(file, "x-content-type-options")).isEqualTo("nosniff");
      assertThat(header(file, "etag")).matches("\"[0-9a-f]{32}\"");
      assertThat(file.body().getBytes(StandardCharsets.UTF_8).length).as(name).isLessThan(30 << 10);
    }
  }

  @Test
  void headTellsTheLengthWithoutTheBody() {
    String path = "/console/" + version() + "/app.js";
    HttpResponse<String> head =
        SERVER.send(
            SERVER.request(path).method("HEAD", HttpRequest.BodyPublishers.noBody()).build());
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(header(head, "content-length"))
        .isEqualTo(Integer.toString(text("app.js").getBytes(StandardCharsets.UTF_8).length));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/console/app.js",
        "/console/V/none.js",
        "/console/V/pages/",
        "/console/V/../index.html",
        "/console/V/pages/../../../serve-config.schema.json",
        "/console/V/%2e%2e/%2e%2e/serve-config.schema.json",
        "/console/V/..%2f..%2fpage%2fpage.js",
        "/console/V/Console.class",
        "/console/0000000000000000/app.js"
      })
  void nothingElseIsThere(String path) {
    assertThat(SERVER.get(path.replace("V", version())).statusCode()).isIn(400, 404);
  }

  @Test
  void noFileNamesAnotherPlaceOrWritesMarkup() {
    for (String name : files()) {
      String text = text(name).replace(SVG, "");
      assertThat(text).as(name).doesNotContain("http://", "https://", "@import", "//cdn");
      if (name.endsWith(".css")) {
        assertThat(text).as(name).doesNotContain("url(");
      }
      if (name.endsWith(".js")) {
        // What people typed goes in as text; inline style is kept out by the policy.
        assertThat(text)
            .as(name)
            .doesNotContain(
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "setAttribute(\"style\"");
      }
    }
  }

  @Test
  void everyImportIsThere() {
    Set<String> all = Set.copyOf(files());
    Pattern imports = Pattern.compile("from \"(\\.[^\"]+)\"");
    for (String name : all) {
      if (name.endsWith(".js")) {
        Path folder = Path.of(name).getParent();
        imports
            .matcher(text(name))
            .results()
            .map(m -> m.group(1))
            .forEach(
                to -> {
                  Path target = (folder == null ? Path.of(to) : folder.resolve(to)).normalize();
                  assertThat(all).as(name).contains(target.toString().replace('\\', '/'));
                });
      }
    }
  }

  private static Map<String, String> words(String language) {
    Map<String, String> words = new TreeMap<>();
    for (String name : files()) {
      if (name.startsWith("lang/" + language + "-")) {
        JsonNode json = Json.parse(text(name).getBytes(StandardCharsets.UTF_8), name);
        json.properties()
            .forEach(
                entry ->
                    assertThat(words.put(entry.getKey(), entry.getValue().stringValue()))
                        .as(entry.getKey())
                        .isNull());
      }
    }
    return words;
  }

  private static Set<String> placeholders(String text) {
    Set<String> names = new TreeSet<>();
    Pattern.compile("\\{(\\w+)}").matcher(text).results().forEach(m -> names.add(m.group(1)));
    return names;
  }

  @Test
  void bothLanguagesSayTheSameThings() {
    Map<String, String> english = words("en");
    Map<String, String> chinese = words("zh");
    assertThat(english).isNotEmpty();
    assertThat(chinese.keySet()).isEqualTo(english.keySet());
    english.forEach(
        (key, text) -> {
          assertThat(text).as(key).isNotBlank();
          assertThat(placeholders(chinese.getOrDefault(key, "")))
              .as(key)
              .isEqualTo(placeholders(text));
        });
  }

  @Test
  void everyTextOfAPageIsInTheDictionaries() {
    Set<String> known = words("en").keySet();
    Set<String> used = new TreeSet<>();
    Set<String> mentioned = new TreeSet<>();
    Set<String> beginnings = new TreeSet<>();
    for (String name : files()) {
      if (!name.endsWith(".js")) {
        continue;
      }
      String text = text(name);
      Pattern.compile("\\bt\\(\"([^\"]+)\"")
          .matcher(text)
          .results()
          .forEach(m -> used.add(m.group(1)));
      Pattern.compile("\"([a-z_]+(?:\\.[a-z_0-9]+)*)\"")
          .matcher(text)
          .results()
          .forEach(m -> mentioned.add(m.group(1)));
      Pattern.compile("\\bt\\([^()\"]*(?:\"[a-z_]+\")?[^()\"]*\\? \"([^\"]+)\" : \"([^\"]+)\"")
          .matcher(text)
          .results()
          .forEach(
              m -> {
                used.add(m.group(1));
                used.add(m.group(2));
              });
      Pattern.compile("\\bt\\(`([a-z_]+\\.[a-z_]*)\\$")
          .matcher(text)
          .results()
          .forEach(m -> beginnings.add(m.group(1)));
      Pattern.compile("\\bnamed\\(\"([^\"]+)\"")
          .matcher(text)
          .results()
          .forEach(m -> beginnings.add(m.group(1) + "."));
    }
    assertThat(used).hasSizeGreaterThan(300);
    assertThat(known).containsAll(used);
    assertThat(beginnings)
        .allSatisfy(b -> assertThat(known).as(b).anyMatch(key -> key.startsWith(b)));
    // Words that nothing says would only be translated in vain.
    assertThat(known)
        .allSatisfy(
            key ->
                assertThat(
                        mentioned.contains(key)
                            || key.endsWith(".title")
                            || beginnings.stream().anyMatch(key::startsWith))
                    .as(key)
                    .isTrue());
  }

  @Test
  void pathsOfTheApiAreInOnePlace() {
    for (String name : files()) {
      if (name.endsWith(".js") && !name.equals("api.js")) {
        assertThat(text(name)).as(name).doesNotContain("admin/v1");
      }
    }
  }

  /** The console alone, routed as the server routes it. */
  private static final class ConsoleServer implements AutoCloseable {
    private final HttpClient http = HttpClient.newHttpClient();
    private final HelidonListener listener;

    ConsoleServer() {
      Console console = new Console();
      Routes routes = new Routes();
      for (String path : console.paths()) {
        for (String method : List.of("GET", "HEAD")) {
          routes.addOpen(method, "console", call -> console.answer(path, call.exchange()), path);
        }
      }
      ApiHandler handler =
          new ApiHandler(
              routes,
              null,
              null,
              1 << 20,
              ServerLimits.DEFAULT.idempotency(),
              new AtomicInteger(),
              call -> {});
      listener =
          HelidonListener.start(
              new ListenerOptions("127.0.0.1", 0, 16, null, null, HttpServerKind.HELIDON),
              handler,
              new byte[0]);
    }

    HttpRequest.Builder request(String path) {
      return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + listener.port() + path));
    }

    HttpResponse<String> get(String path, String... headers) {
      HttpRequest.Builder request = request(path);
      return send(headers.length > 0 ? request.headers(headers).build() : request.build());
    }

    HttpResponse<String> send(HttpRequest request) {
      try {
        return http.send(request, HttpResponse.BodyHandlers.ofString());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {
      listener.close();
      http.close();
    }
  }
}
