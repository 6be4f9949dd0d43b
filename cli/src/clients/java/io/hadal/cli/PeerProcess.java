package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A server of others that runs on node, on a port of this machine. */
final class PeerProcess implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;

  private final Process process;
  private final int port;
  private final Path log;

  /**
   * Starts it, and waits until its port answers.
   *
   * @param home an empty folder
   * @param command what follows {@code node}; {@code {port}} in it becomes the port
   */
  PeerProcess(Path home, Map<String, String> more, List<String> command) throws IOException {
    this.port = freePort();
    this.log = home.resolve("peer.log");
    List<String> words = new ArrayList<>(List.of("node"));
    command.forEach(word -> words.add(word.replace("{port}", Integer.toString(port))));
    ProcessBuilder builder =
        new ProcessBuilder(words)
            .directory(home.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().clear();
    builder.environment().putAll(NpmClient.environment(home));
    builder.environment().putAll(more);
    this.process = builder.start();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!answers()) {
      if (!process.isAlive() || System.nanoTime() > end) {
        close();
        assertThat(false).as(log()).isTrue();
      }
    }
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private boolean answers() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      try {
        Thread.sleep(50);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
      return false;
    }
  }

  String url() {
    return "http://127.0.0.1:" + port;
  }

  /** What it has said. */
  String log() throws IOException {
    return Files.readString(log);
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
