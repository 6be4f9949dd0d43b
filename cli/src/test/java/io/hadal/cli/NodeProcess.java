package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** A node in a process of its own. */
final class NodeProcess implements AutoCloseable {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  final String name;
  final Path err;
  private final Process process;
  private final String url;

  /**
   * Starts it, and waits until it serves.
   *
   * @param folder with {@code serve.yaml}; data and messages of the process go there
   */
  NodeProcess(Path folder, String name, String... more) throws IOException {
    this.name = name;
    this.err = folder.resolve(name + ".err");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                Hadal.class.getName(),
                "serve",
                "--config",
                folder.resolve("serve.yaml").toString(),
                "--data",
                folder.resolve(name).toString(),
                "--node",
                name,
                "--context",
                "1024"));
    command.addAll(List.of(more));
    process = new ProcessBuilder(command).redirectError(err.toFile()).start();
    String line =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
            .readLine();
    assertThat(line).as(Files.readString(err)).startsWith("serving ");
    url = line.substring(line.indexOf("http"));
  }

  String url() {
    return url;
  }

  /** Kills it, without a chance to tidy up. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .timeout(Duration.ofSeconds(60))
        .header("content-type", "application/json");
  }

  HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<InputStream> open(HttpRequest request) throws IOException, InterruptedException {
    return HTTP.send(request, HttpResponse.BodyHandlers.ofInputStream());
  }

  /** A request for an answer of some tokens. */
  HttpRequest chat(String key, String messages, int tokens, boolean stream) {
    return request("/v1/chat/completions")
        .header("authorization", "Bearer " + key)
        .POST(
            HttpRequest.BodyPublishers.ofString(
                "{\"model\":\"pool\",\"temperature\":0,\"max_tokens\":"
                    + tokens
                    + ",\"stream\":"
                    + stream
                    + ",\"messages\":["
                    + messages.replace('\'', '"')
                    + "]}"))
        .build();
  }

  static JsonNode json(HttpResponse<String> answer) {
    return Json.parse(answer.body().getBytes(StandardCharsets.UTF_8), "answer");
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
    }
  }
}
