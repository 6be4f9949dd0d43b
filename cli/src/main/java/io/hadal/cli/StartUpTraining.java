package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;

/**
 * Meets the classes that commands need, for the AOT cache that a build of {@code ./hadal} makes: a
 * completion, and a gateway with the platform before an upstream that is played here. It ends the
 * process.
 */
public final class StartUpTraining {
  private static final Duration MOST = Duration.ofSeconds(60);
  private static final Pattern KEY = Pattern.compile("sk-[a-z]-\\S+");
  private static final Pattern PORT = Pattern.compile("at http://127\\.0\\.0\\.1:(\\d+)");

  private static final String ANSWER =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
          + "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n"
          + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
          + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n"
          + "data: [DONE]\n\n";

  private StartUpTraining() {}

  /**
   * Runs the training.
   *
   * @param args place to complete, such as {@code file:line}; an empty folder for the platform
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    run("complete", args[0], "-n", "4");
    gateway(Path.of(args[1]));
    System.exit(ExitCode.OK);
  }

  private static String run(String... args) {
    StringWriter out = new StringWriter();
    Hadal.run(commandLine(new PrintWriter(out, true), args), args);
    return out.toString();
  }

  private static CommandLine commandLine(PrintWriter out, String... args) {
    return Hadal.commandLine(Map.of(), args).setOut(out).setErr(out);
  }

  private static void gateway(Path folder) throws IOException, InterruptedException {
    try (ServerSocket upstream = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> play(upstream));
      String data = folder.resolve("data").toString();
      Matcher key = KEY.matcher(run("keys", "create", "--name", "start", "--data", data));
      Path config =
          Files.writeString(
              folder.resolve("serve.yaml"),
              "upstreams:\n  - {name: u, url: 'http://127.0.0.1:%d', models: {m: m}}%n"
                  .formatted(upstream.getLocalPort()));
      String[] serve = {
        "serve",
        "--gateway",
        "--platform",
        "--data",
        data,
        "--config",
        config.toString(),
        "--port",
        "0"
      };
      StringWriter out = new StringWriter();
      CommandLine command = commandLine(new PrintWriter(out, true), serve);
      // It ends with the process.
      Thread.ofPlatform().daemon().start(() -> Hadal.run(command, serve));
      long end = System.nanoTime() + MOST.toNanos();
      Matcher port = PORT.matcher(out.toString());
      while (!port.find() && System.nanoTime() < end) {
        Thread.sleep(5);
        port = PORT.matcher(out.toString());
      }
      if (key.find() && port.find(0)) {
        for (int i = 0; i < 3; i++) {
          ask(Integer.parseInt(port.group(1)), "GET /readyz", "", "");
          ask(
              Integer.parseInt(port.group(1)),
              "POST /v1/chat/completions",
              key.group(),
              "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
        }
      }
    }
  }

  private static void play(ServerSocket upstream) {
    while (!upstream.isClosed()) {
      try (Socket socket = upstream.accept()) {
        int seen = socket.getInputStream().read(new byte[64 << 10]);
        if (seen > 0) {
          socket.getOutputStream().write(ANSWER.getBytes(StandardCharsets.UTF_8));
        }
      } catch (IOException e) {
        return;
      }
    }
  }

  private static void ask(int port, String request, String key, String body) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout((int) MOST.toMillis());
      OutputStream out = socket.getOutputStream();
      out.write(
          (request
                  + " HTTP/1.1\r\nhost: local\r\nconnection: close\r\nauthorization: Bearer "
                  + key
                  + "\r\ncontent-type: application/json\r\ncontent-length: "
                  + body.length()
                  + "\r\n\r\n"
                  + body)
              .getBytes(StandardCharsets.UTF_8));
      socket.getInputStream().readAllBytes();
    }
  }
}
