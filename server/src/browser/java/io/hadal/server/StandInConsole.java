package io.hadal.server;

import io.hadal.formats.Json;
import io.hadal.server.console.Console;
import io.hadal.server.http.Exchange;
import io.hadal.server.http.HttpHandler;
import io.hadal.server.http.HttpServerKind;
import io.hadal.server.http.JdkListener;
import io.hadal.server.http.ListenerOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The console with an administration that answers from files: what is asked for, by method and
 * path, with * for any part of it. Usage is made up for the time that is asked for.
 */
final class StandInConsole implements HttpHandler, AutoCloseable {
  private static final Path ANSWERS = Path.of("src", "browser", "console");
  private static final String API = "/admin/v1/";
  private static final List<String> PROJECTS =
      List.of("prj_code", "prj_desk", "prj_review", "prj_eval", "prj_triage", "prj_clinic");

  private final Console console = new Console();
  private final Map<String, JsonNode> answers = new LinkedHashMap<>();
  private final JdkListener listener;
  private volatile boolean signedIn = true;

  /** What was asked for and had no answer. */
  final List<String> unknown = new CopyOnWriteArrayList<>();

  /** Changes that were asked for, with the token that confirms them. */
  final List<String> changes = new CopyOnWriteArrayList<>();

  StandInConsole() {
    try (Stream<Path> files = Files.list(ANSWERS)) {
      for (Path file : files.sorted().toList()) {
        Json.parse(Files.readAllBytes(file), file.toString())
            .properties()
            .forEach(entry -> answers.put(entry.getKey(), entry.getValue()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    listener =
        JdkListener.start(
            new ListenerOptions("127.0.0.1", 0, 256, null, null, HttpServerKind.JDK), this);
  }

  String url() {
    return "http://127.0.0.1:" + listener.port() + "/console/";
  }

  /** Ends or begins the session. */
  void signedIn(boolean now) {
    signedIn = now;
  }

  @Override
  public void handle(Exchange exchange) throws IOException {
    String path = exchange.path();
    String file = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    if (console.paths().contains(file)) {
      console.answer(file, exchange);
    } else if (path.startsWith(API)) {
      administration(exchange, path.substring(API.length()));
    } else if (path.equals("/v1/models")) {
      json(exchange, 200, Json.parse(bytes("{\"data\":[{\"id\":\"hadal-nano\"}]}"), "models"));
    } else if (path.equals("/v1/chat/completions")) {
      chat(exchange);
    } else {
      unknown.add(exchange.method() + " " + path);
      exchange.send(404, "text/plain", new byte[0]);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void json(Exchange exchange, int status, @Nullable JsonNode body) {
    exchange.send(status, "application/json", body == null ? new byte[0] : bytes(body.toString()));
  }

  private void administration(Exchange exchange, String path) throws IOException {
    String asked = exchange.method() + " " + path;
    if (!exchange.method().equals("GET")) {
      byte[] body = exchange.body(1 << 20);
      changes.add(
          asked
              + " "
              + exchange.header("x-csrf-token")
              + " "
              + (body == null ? "" : new String(body, StandardCharsets.UTF_8)));
    }
    if (asked.equals("POST session")) {
      signedIn = true;
      json(exchange, 200, answers.get("GET session"));
      return;
    }
    if (asked.equals("GET session") && !signedIn) {
      refuse(exchange, 401, "Sign in.");
      return;
    }
    if (path.equals("usage/series")) {
      json(exchange, 200, series(exchange));
      return;
    }
    if (path.equals("usage") && span(exchange) < 400_000) {
      json(exchange, 200, piece(exchange));
      return;
    }
    for (String parameter : new String[] {"by", "principal"}) {
      String value = exchange.query(parameter);
      JsonNode found = answers.get(asked + "?" + parameter + "=" + value);
      if (found != null) {
        json(exchange, 200, found);
        return;
      }
    }
    String key = path.equals("usage") ? "GET usage?by=project" : known(asked);
    if (key == null) {
      unknown.add(asked);
      refuse(exchange, 404, "Nothing answers to " + asked);
      return;
    }
    JsonNode answer = answers.get(key);
    json(exchange, 200, answer == null || answer.isNull() ? null : answer);
  }

  private static void refuse(Exchange exchange, int status, String message) {
    ObjectNode body = JsonMapper.shared().createObjectNode();
    body.putObject("error").put("message", message).put("code", "refused").putNull("param");
    json(exchange, status, body);
  }

  private @Nullable String known(String asked) {
    if (answers.containsKey(asked)) {
      return asked;
    }
    for (String key : answers.keySet()) {
      if (key.contains("*") && asked.matches("\\Q" + key.replace("*", "\\E[^/]+\\Q") + "\\E")) {
        return key;
      }
    }
    return null;
  }

  private static long time(Exchange exchange, String name) {
    String text = exchange.query(name);
    return text == null ? 0 : Instant.parse(text).toEpochMilli();
  }

  private static long span(Exchange exchange) {
    return time(exchange, "to") - time(exchange, "from");
  }

  /** Waves that look like the days of a team. */
  private static void measures(
      ObjectNode node, long time, double share, int group, double minutes) {
    double phase = time / 5e6;
    long requests =
        Math.max(
            0,
            (long)
                (24
                    * minutes
                    * share
                    * (1
                        + 0.45 * Math.sin(phase / 2 + group)
                        + 0.25 * Math.sin(phase * 2.3 + group))));
    long input = 6200 * requests;
    long cached = (long) (input * (0.72 + 0.09 * Math.sin(phase + group)));
    node.put("requests", requests)
        .put("attempts", requests)
        .put("errors", requests / 240)
        .put("error_rate", requests < 240 ? 0 : 1 / 240.0)
        .put("input_uncached", input - cached)
        .put("cache_read", cached)
        .put("cache_write", 0)
        .put("output_text", 420 * requests)
        .put("output_reasoning", 120 * requests)
        .put("cost_nano", (input - cached) * 140 + cached * 14 + requests * 226_800)
        .put("margin_nano", requests * 90_000)
        .put("saved_nano", cached * 126)
        .put("first_token_ms_p50", (long) (380 + 80 * Math.sin(phase)))
        .put("first_token_ms_p95", (long) (1150 + 400 * Math.sin(phase + 1)))
        .put("token_us_p95", 34_000);
  }

  private static ObjectNode piece(Exchange exchange) {
    long from = time(exchange, "from");
    ObjectNode answer = JsonMapper.shared().createObjectNode();
    ArrayNode data = answer.putArray("data");
    for (int i = 0; i < PROJECTS.size(); i++) {
      ObjectNode row = data.addObject();
      row.putObject("values").put("project", PROJECTS.get(i));
      measures(row, from, 1.0 / (i + 1), i, 5);
    }
    measures(answer.putObject("total"), from, 2.4, 0, 5);
    return answer.putNull("next");
  }

  private ObjectNode series(Exchange exchange) {
    long step = "day".equals(exchange.query("interval")) ? 86_400_000 : 3_600_000;
    String split = exchange.query("split");
    List<String> groups = new ArrayList<>();
    JsonNode report = answers.get("GET usage?by=" + split);
    if (split != null && report != null) {
      report.get("data").forEach(row -> groups.add(row.get("values").get(split).stringValue()));
    }
    ObjectNode answer = JsonMapper.shared().createObjectNode();
    ArrayNode data = answer.putArray("data");
    long to = time(exchange, "to");
    for (long at = (time(exchange, "from") / step + 1) * step; at < to; at += step) {
      String text = Instant.ofEpochMilli(at).toString();
      String shown = step == 3_600_000 ? text : text.substring(0, 10);
      if (split == null) {
        measures(data.addObject().put("time", shown), at, 2.4, 0, step / 60_000.0);
      }
      for (int i = 0; i < groups.size(); i++) {
        ObjectNode row = data.addObject().put("time", shown).put("split", groups.get(i));
        measures(row, at, 1.0 / (i + 1), i, step / 60_000.0);
      }
    }
    return answer.putNull("next");
  }

  private static void chat(Exchange exchange) throws IOException {
    exchange.body(1 << 20);
    exchange.setHeader("x-request-id", "req_playground");
    try (OutputStream out = exchange.stream(200, "text/event-stream; charset=utf-8")) {
      for (String word : "A B-tree keeps sorted keys in wide nodes.".split(" ", -1)) {
        out.write(
            bytes("data: {\"choices\":[{\"delta\":{\"content\":\"%s \"}}]}\n\n".formatted(word)));
        out.flush();
      }
      out.write(
          bytes(
              "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":812,\"completion_tokens\":9,"
                  + "\"prompt_tokens_details\":{\"cached_tokens\":640}}}\n\ndata: [DONE]\n\n"));
    }
  }

  @Override
  public void close() {
    listener.close();
  }
}
