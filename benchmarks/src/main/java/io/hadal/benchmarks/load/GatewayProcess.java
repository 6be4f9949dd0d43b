package io.hadal.benchmarks.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Socket;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** {@code hadal serve --gateway} as a process of its own, with or without the platform. */
final class GatewayProcess implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern PASSWORD = Pattern.compile("with the password (\\S+),");
  private static final Pattern AT = Pattern.compile("at (http://\\S+)");

  /** Books with a million events take minutes to verify. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final Process process;
  private final URI url;
  private final double readySeconds;
  private final Path log;
  private final HttpClient http = HttpClient.newBuilder().build();
  private String cookie = "";
  private String csrf = "";

  /**
   * Starts it and waits until it is ready.
   *
   * @param hadal the command, such as {@code ./hadal}
   * @param folder for its log and its data
   * @param platform with keys, budgets, ledger and journal
   */
  GatewayProcess(List<String> hadal, Path folder, Path config, boolean platform)
      throws IOException, InterruptedException {
    this.log = folder.resolve(platform ? "platform.log" : "plain.log");
    List<String> command = new ArrayList<>(hadal);
    command.addAll(List.of("serve", "--gateway", "--host", "127.0.0.1", "--port", "0", "--config"));
    command.add(config.toString());
    if (platform) {
      command.addAll(List.of("--platform", "--data", folder.resolve("data").toString()));
    }
    long start = System.nanoTime();
    this.process = new ProcessBuilder(command).redirectError(log.toFile()).start();
    BufferedReader out = process.inputReader();
    String line = out.readLine();
    Matcher at = AT.matcher(line == null ? "" : line);
    if (!at.find()) {
      throw new IOException(hadal + " did not start: " + Files.readString(log));
    }
    this.url = URI.create(at.group(1));
    while (!ready()) {
      Thread.sleep(1);
    }
    this.readySeconds = (System.nanoTime() - start) / 1e9;
  }

  URI url() {
    return url;
  }

  /** From the start of the process to the first 200 of {@code /readyz}. */
  double readySeconds() {
    return readySeconds;
  }

  /** Processor time so far, seconds. */
  double cpuSeconds() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e9;
  }

  /** Memory in use by the process, MiB; 0 where the system does not say. */
  long residentMib() {
    return residentMib(process.pid());
  }

  static long residentMib(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024;
        }
      }
    } catch (IOException e) {
      return 0;
    }
    return 0;
  }

  /** On a bare socket: a client's own start would be measured otherwise. */
  private boolean ready() throws IOException {
    try (Socket socket = new Socket(url.getHost(), url.getPort())) {
      socket
          .getOutputStream()
          .write(
              "GET /readyz HTTP/1.1\r\nhost: local\r\nconnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      byte[] status = socket.getInputStream().readNBytes(12);
      return new String(status, StandardCharsets.US_ASCII).equals("HTTP/1.1 200");
    }
  }

  /**
   * Signs in, prices the models, sets a budget that lasts, and makes a key.
   *
   * @return the key
   */
  String key() throws IOException, InterruptedException {
    signIn();
    String project = admin("GET", "/projects", null).at("/data/0/id").asString("");
    admin(
        "POST",
        "/prices",
        "{\"version\":\"*\",\"source\":\"benchmark\",\"prices\":{\"input\":150000,\"output\":600000}}");
    admin(
        "POST",
        "/budgets",
        "{\"name\":\"benchmark\",\"scope_type\":\"project\",\"scope_id\":\"%s\",\"window\":\"month\",\"limit_nano\":900000000000000,\"action\":\"block\"}"
            .formatted(project));
    return admin("POST", "/keys", "{\"name\":\"benchmark\",\"project\":\"" + project + "\"}")
        .path("text")
        .asString("");
  }

  /** Signs in, once more where a session has ended because nobody used it. */
  void signIn() throws IOException, InterruptedException {
    Matcher password = PASSWORD.matcher(Files.readString(log));
    if (!password.find()) {
      throw new IOException("no password in " + log + ": is the data folder new?");
    }
    cookie = "";
    HttpResponse<String> in =
        post("/session", "{\"name\":\"administrator\",\"password\":\"" + password.group(1) + "\"}");
    cookie = in.headers().firstValue("set-cookie").orElseThrow().replaceFirst(";.*", "");
    csrf = JSON.readTree(in.body()).path("csrf_token").asString("");
  }

  /** An answer of the administration, after {@link #key}. */
  JsonNode admin(String method, String path, @Nullable String body)
      throws IOException, InterruptedException {
    HttpResponse<String> answer = send(method, path, body);
    if (answer.statusCode() >= 300) {
      throw new IOException(path + " answers " + answer.statusCode() + ": " + answer.body());
    }
    return JSON.readTree(answer.body());
  }

  private HttpResponse<String> post(String path, String body)
      throws IOException, InterruptedException {
    HttpResponse<String> answer = send("POST", path, body);
    if (answer.statusCode() != 200) {
      throw new IOException(path + " answers " + answer.statusCode() + ": " + answer.body());
    }
    return answer;
  }

  private HttpResponse<String> send(String method, String path, @Nullable String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url.resolve("/admin/v1" + path))
            .timeout(PATIENCE)
            .header("content-type", "application/json")
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (!cookie.isEmpty()) {
      request.header("cookie", cookie).header("x-csrf-token", csrf);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() throws IOException {
    http.close();
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
