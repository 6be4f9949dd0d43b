package io.hadal.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A server with upstreams, whose attempts are recorded. */
final class Gateway implements AutoCloseable {
  final TestServer server;
  final RecordingGate gate = new RecordingGate();
  private final Path folder;

  /**
   * A gateway.
   *
   * @param folder for its configuration and keys
   */
  Gateway(Path folder, String yaml) {
    this(folder, yaml, null);
  }

  /**
   * A gateway with keys.
   *
   * @param keys knows them; null for none
   */
  Gateway(Path folder, String yaml, PlatformAccess.@Nullable Keys keys) {
    this.folder = folder;
    server = keys == null ? new TestServer() : TestServer.with(new PlatformAccess(keys, gate));
    server.server.router().gate(gate);
    configure(yaml);
  }

  void configure(String yaml) {
    try {
      Files.writeString(folder.resolve("key1"), "sk-first\n");
      Files.writeString(folder.resolve("key2"), "sk-second\n");
      Path file = Files.writeString(folder.resolve("serve.yaml"), yaml);
      server.server.routing(ServeConfig.read(file).routing());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An upstream as a line of YAML. */
  static String upstream(String name, int port, String more) {
    return "  - {name: "
        + name
        + ", url: 'http://127.0.0.1:"
        + port
        + "', models: {m: theirs}, probe_seconds: 0"
        + (more.isEmpty() ? "" : ", " + more)
        + "}\n";
  }

  static String two(ScriptedUpstream a, ScriptedUpstream b, String more) {
    return "upstreams:\n"
        + upstream("a", a.port(), more)
        + upstream("b", b.port(), "priority: 1" + (more.isEmpty() ? "" : ", " + more))
        + "routes: [{model: m, upstreams: [a, b]}]\n";
  }

  HttpResponse<String> chat(boolean stream, String... headers) {
    return server.post(
        "/v1/chat/completions",
        "{'model':'m','stream':" + stream + ",'messages':[{'role':'user','content':'Hi'}]}",
        headers);
  }

  @Override
  public void close() {
    server.close();
  }
}
