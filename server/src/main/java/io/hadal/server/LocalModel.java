package io.hadal.server;

import io.hadal.chat.AnswerPolicy;
import io.hadal.chat.CallMemory;
import io.hadal.chat.ChatPlanner;
import io.hadal.chat.Seal;
import io.hadal.chat.ServedModel;
import io.hadal.engine.WarmUp;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.server.explain.CacheExplainer;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.wire.ChatCompletions;
import io.hadal.server.wire.Completions;
import io.hadal.server.wire.Dialect;
import io.hadal.server.wire.Embeddings;
import io.hadal.server.wire.MessagesApi;
import io.hadal.server.wire.OllamaApi;
import io.hadal.server.wire.ResponsesApi;
import io.hadal.server.wire.TurnRunner;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The model of this process behind the APIs. */
final class LocalModel implements AutoCloseable {
  private static final int REMEMBERED_CALLS = 10_000;

  private final ServedModel served;
  private final TurnRunner runner;
  private final ChatPlanner planner;
  private final ResponsesApi responses;
  private final MessagesApi messages;
  private final Embeddings embeddings;
  private final OllamaApi ollama;
  private final Map<Operation, Route.Handler> handlers = new EnumMap<>(Operation.class);

  LocalModel(ServedModel served, ServerOptions options, AnswerPolicy policy, Seal seal) {
    ServerLimits limits = options.limits();
    long most = limits.bodyBytes();
    this.served = served;
    this.runner =
        new TurnRunner(
            served, new CallMemory(REMEMBERED_CALLS), limits.keepAlive(), limits.slowReader());
    this.planner = new ChatPlanner(served, runner.memory(), limits.requestTime(), policy);
    this.responses = new ResponsesApi(planner, runner, seal, most);
    this.messages = new MessagesApi(planner, runner, seal, most);
    this.embeddings = new Embeddings(served, most);
    this.ollama = new OllamaApi(planner, runner, options.version(), most);
    handlers.put(Operation.CHAT, new ChatCompletions(planner, runner, most)::handle);
    handlers.put(Operation.COMPLETIONS, new Completions(planner, runner, most)::handle);
    handlers.put(Operation.RESPONSES, responses::handle);
    handlers.put(Operation.MESSAGES, messages::handle);
    handlers.put(Operation.COUNT_TOKENS, messages::count);
    handlers.put(Operation.COUNT_INPUT, responses::count);
    handlers.put(Operation.EMBEDDINGS, embeddings::handle);
  }

  /** Answers an operation; null for those that only upstreams know. */
  Route.@Nullable Handler handler(Operation operation) {
    return handlers.get(operation);
  }

  /** What the models thought, as far as clients left it out. */
  CallMemory memory() {
    return runner.memory();
  }

  /** Explains from now on what its prompt cache did not have. */
  void explainer(CacheExplainer now) {
    runner.explainer(now);
  }

  /** Adds what is never routed. */
  void add(Routes routes) {
    for (String path : new String[] {"/v1/responses", "/responses"}) {
      routes.addBelow("GET", Dialect.OPENAI, "responses", responses::stored, path + "/");
      routes.addBelow("POST", Dialect.OPENAI, "responses", responses::stored, path + "/");
      routes.addBelow("DELETE", Dialect.OPENAI, "responses", responses::stored, path + "/");
    }
    Dialect dialect = Dialect.OLLAMA;
    routes.add("POST", dialect, "embedding", embeddings::ollama, "/api/embed");
    routes.add("GET", dialect, "version", ollama::version, "/api/version");
    routes.add("GET", dialect, "models", ollama::tags, "/api/tags");
    routes.add("GET", dialect, "models", ollama::running, "/api/ps");
    routes.add("POST", dialect, "models", ollama::show, "/api/show");
    routes.add("POST", dialect, "chat", ollama::chat, "/api/chat");
    routes.add("POST", dialect, "completion", ollama::generate, "/api/generate");
    for (String name : new String[] {"pull", "push", "create", "copy"}) {
      routes.add("POST", dialect, "none", ollama::unsupported, "/api/" + name);
    }
    routes.add("DELETE", dialect, "none", ollama::unsupported, "/api/delete");
  }

  ServedModel served() {
    return served;
  }

  String name() {
    return served.profile().name();
  }

  Dispatcher dispatcher() {
    return served.dispatcher();
  }

  WarmUp warmUp() {
    return dispatcher().engine().warmUp();
  }

  /** Other limits, from the next request on. */
  void limits(ServerLimits now) {
    runner.times(now.keepAlive(), now.slowReader());
    planner.timeLimit(now.requestTime());
  }

  @Override
  public void close() {
    runner.close();
  }
}
