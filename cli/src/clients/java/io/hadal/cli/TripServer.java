package io.hadal.cli;

import io.hadal.chat.ServedModel;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.formats.Json;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.PromptDialects;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.Model;
import io.hadal.server.HadalServer;
import io.hadal.server.KeyRing;
import io.hadal.server.ServerLimits;
import io.hadal.server.ServerOptions;
import io.hadal.server.http.ListenerOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The embedded model behind a real server that makes it use the client's shell. */
final class TripServer implements AutoCloseable {
  static final String MODEL = "hadal-nano";
  static final String KEY = "sk-client-test-0123456789";

  final ToolTrip trip = new ToolTrip();
  private final List<String> log = Collections.synchronizedList(new ArrayList<>());
  private final Model model;
  private final Engine engine;
  private final Dispatcher dispatcher;
  private final HadalServer server;

  TripServer(int context) throws IOException {
    model = Model.load(DemoFiles.trained(null));
    engine = new Engine(model, EngineOptions.defaults().withContext(context));
    dispatcher = new Dispatcher(engine, DispatcherOptions.defaults());
    Tokenizer tokenizer = ModelTokenizer.find(model, null).orElseThrow();
    PromptDialect dialect =
        Objects.requireNonNull(PromptDialects.ofFamily(model.config().family()));
    Path keys = Files.createTempFile("keys", ".txt");
    Files.writeString(keys, "client " + KEY + "\n");
    server =
        new HadalServer(
            new ServerOptions(
                new ListenerOptions("127.0.0.1", 0, 256, null, null),
                KeyRing.read(keys),
                ServerLimits.DEFAULT,
                log::add,
                "1.2.3"),
            new ServedModel(
                new ServedModel.Profile(
                    MODEL,
                    Set.of("claude-" + MODEL),
                    "Hadal nano",
                    MODEL + "@2026-01-01",
                    Instant.EPOCH,
                    dialect,
                    false),
                dispatcher,
                tokenizer),
            trip);
    Files.delete(keys);
  }

  String url() {
    return "http://127.0.0.1:" + server.port();
  }

  void forget() {
    trip.forget();
    log.clear();
  }

  private List<JsonNode> lines() {
    synchronized (log) {
      return log.stream().map(l -> Json.parse(l.getBytes(StandardCharsets.UTF_8), "log")).toList();
    }
  }

  /** Lines of the access log about answers. */
  List<JsonNode> turns() {
    return lines().stream().filter(l -> l.path("output_tokens").asInt(0) > 0).toList();
  }

  /** How requests have ended. */
  List<String> outcomes() {
    return lines().stream().map(l -> l.path("outcome").asString()).toList();
  }

  /** Prompts that were answered: tokens from the cache and all tokens. */
  List<String> prompts() {
    return turns().stream()
        .map(l -> l.path("cached_tokens").asInt() + " of " + l.path("input_tokens").asInt())
        .toList();
  }

  /** The whole access log. */
  String log() {
    synchronized (log) {
      return String.join("\n", log);
    }
  }

  @Override
  public void close() {
    server.close();
    dispatcher.close();
    engine.close();
    model.close();
  }
}
