package io.hadal.server.wire;

import io.hadal.chat.AnswerFormat;
import io.hadal.chat.ChatPlanner;
import io.hadal.chat.ChatRequest;
import io.hadal.chat.Problem;
import io.hadal.chat.Sampling;
import io.hadal.chat.ServedModel;
import io.hadal.chat.TurnRequest;
import io.hadal.formats.Sha256;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.ToolDefinition;
import io.hadal.server.http.HttpProblem;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What clients of Ollama need: the list of models, chat and plain generation. A prompt that is too
 * long is refused, never cut.
 */
public final class OllamaApi {
  /** What editors compare with the version they need. */
  private static final String COMPATIBLE = "0.18.3";

  private static final int DEFAULT_TOKENS = 2048;

  private final ChatPlanner planner;
  private final TurnRunner runner;
  private final String version;
  private final long bodyLimit;

  /**
   * @param version Hadal's own
   */
  public OllamaApi(ChatPlanner planner, TurnRunner runner, String version, long bodyLimit) {
    this.planner = planner;
    this.runner = runner;
    this.version = version;
    this.bodyLimit = bodyLimit;
  }

  /** {@code GET /api/version}. */
  public void version(Call call) {
    send(call, WireJson.object().put("version", COMPATIBLE).put("hadal_version", version));
  }

  /** {@code GET /api/tags}: every name of the model. */
  public void tags(Call call) {
    ObjectNode json = WireJson.object();
    ArrayNode models = json.putArray("models");
    Models.names(planner.model()).forEach(name -> entry(models.addObject(), name));
    send(call, json);
  }

  /** {@code GET /api/ps}: the model is always loaded. */
  public void running(Call call) {
    ObjectNode json = WireJson.object();
    entry(json.putArray("models").addObject(), Models.names(planner.model()).getFirst())
        .put("size_vram", 0)
        .put("expires_at", "9999-12-31T23:59:59Z")
        .put("context_length", planner.model().context());
    send(call, json);
  }

  private ObjectNode entry(ObjectNode json, String name) {
    ServedModel.Profile profile = planner.model().profile();
    json.put("name", name + ":latest")
        .put("model", name + ":latest")
        .put("modified_at", profile.created().toString())
        .put("size", 0)
        .put("digest", Sha256.hex(profile.version()));
    return details(json);
  }

  private ObjectNode details(ObjectNode json) {
    String family = planner.model().config().family();
    ObjectNode details =
        json.putObject("details")
            .put("parent_model", "")
            .put("format", "hadal")
            .put("family", family)
            .put("parameter_size", "")
            .put("quantization_level", "");
    details.putArray("families").add(family);
    return json;
  }

  /** {@code POST /api/show}: what a model can do. */
  public void show(Call call) throws IOException {
    Fields body = call.json(bodyLimit);
    String name = body.string("model");
    require(call, name == null ? body.required("name") : name);
    ServedModel model = planner.model();
    String family = model.config().family();
    ObjectNode json = details(WireJson.object());
    json.putObject("model_info")
        .put("general.architecture", family)
        .put("general.basename", model.profile().name())
        .put(family + ".context_length", model.context())
        .put(family + ".embedding_length", model.config().hiddenSize());
    ArrayNode capabilities = json.putArray("capabilities").add("completion").add("tools");
    capabilities.add("thinking");
    if (model.fills()) {
      capabilities.add("insert");
    }
    json.put("template", "")
        .put("modelfile", "")
        .put("modified_at", model.profile().created().toString());
    send(call, json);
  }

  /** {@code POST /api/chat}. */
  public void chat(Call call) throws IOException {
    Fields body = call.json(bodyLimit);
    String name = require(call, body.required("model"));
    Fields options = options(body);
    ChatRequest request = new ChatRequest().client(call.client());
    List<Message> messages = OllamaMessages.read(body);
    if (messages.isEmpty()) {
      // Clients load a model this way; it is loaded.
      send(call, loaded(name, true));
      return;
    }
    List<ToolDefinition> tools = OpenAiMessages.tools(body);
    think(body, request);
    request
        .messages(messages)
        .tools(tools)
        .format(format(body))
        .sampling(sampling(options))
        .maxTokens(tokens(options))
        .clampMaxTokens(true)
        .stops(options.stops("stop"));
    boolean stream = body.bool("stream", true);
    finish(body, options, call);
    TurnRequest turn = planner.plan(request);
    limit(options, turn);
    answer(call, turn, name, true, stream);
  }

  /** {@code POST /api/generate}: a prompt as it is, as a turn, or with a suffix to fill in. */
  public void generate(Call call) throws IOException {
    Fields body = call.json(bodyLimit);
    ServedModel model = planner.model();
    String name = require(call, body.required("model"));
    String prompt = body.string("prompt", "");
    String suffix = body.string("suffix");
    Fields options = options(body);
    boolean stream = body.bool("stream", true);
    boolean raw = body.bool("raw", false);
    String system = body.string("system");
    if (!body.strings("images", 1).isEmpty()) {
      throw Problem.unsupported("images", "is there; this model reads text only");
    }
    if (prompt.isEmpty() && suffix == null) {
      send(call, loaded(name, false));
      return;
    }
    TurnRequest turn;
    if (suffix != null && !suffix.isEmpty() || raw) {
      boolean fill = suffix != null && !suffix.isEmpty();
      if (fill && !model.fills()) {
        throw Problem.unsupported("suffix", "needs a model that fills in; this one does not");
      }
      body.accept("think");
      Integer most = tokens(options);
      turn =
          planner.text(
              fill && suffix != null
                  ? model.tokenizeHole(prompt, suffix)
                  : model.tokenizeText(prompt),
              most == null ? DEFAULT_TOKENS : most,
              sampling(options),
              options.stops("stop"),
              -1,
              1,
              fill,
              format(body),
              call.client());
    } else {
      List<Message> messages = new ArrayList<>();
      if (system != null && !system.isEmpty()) {
        messages.add(Message.system(system));
      }
      messages.add(Message.user(prompt));
      ChatRequest request = new ChatRequest().client(call.client()).messages(messages);
      think(body, request);
      turn =
          planner.plan(
              request
                  .format(format(body))
                  .sampling(sampling(options))
                  .maxTokens(tokens(options))
                  .clampMaxTokens(true)
                  .stops(options.stops("stop")));
    }
    body.accept("template", "context");
    finish(body, options, call);
    limit(options, turn);
    answer(call, turn, name, false, stream);
  }

  /** Managing models is not for clients. */
  public void unsupported(Call call) {
    throw HttpProblem.notImplemented();
  }

  private void answer(Call call, TurnRequest turn, String name, boolean chat, boolean stream)
      throws IOException {
    OllamaStream writer = new OllamaStream(call, name, chat);
    if (stream) {
      runner.stream(call, turn, writer);
    } else {
      Answer answer = runner.collect(call, turn).getFirst();
      send(call, writer.whole(answer, call.usage()));
    }
  }

  private String require(Call call, String name) {
    return require(call, planner.model(), name);
  }

  /** The name as it is given, which must be one of the model, with or without {@code :latest}. */
  static String require(Call call, ServedModel model, String name) {
    String bare = name.endsWith(":latest") ? name.substring(0, name.length() - 7) : name;
    Models.require(call, model, bare);
    return name;
  }

  private static ObjectNode loaded(String name, boolean chat) {
    ObjectNode json =
        WireJson.object().put("model", name).put("created_at", Instant.now().toString());
    if (chat) {
      json.putObject("message").put("role", "assistant").put("content", "");
    } else {
      json.put("response", "");
    }
    return json.put("done", true).put("done_reason", "load");
  }

  private static Fields options(Fields body) {
    Fields options = body.object("options");
    return options == null ? new Fields(WireJson.object(), "options") : options;
  }

  /** Answer length; -1 and -2 are Ollama's for no limit. */
  private static @Nullable Integer tokens(Fields options) {
    Integer most = options.integer("num_predict", -2, Integer.MAX_VALUE);
    return most == null || most <= 0 ? null : most;
  }

  private static Sampling sampling(Fields options) {
    return new Sampling(
        options.number("temperature", 0, 100),
        options.number("top_p", 0, 1),
        options.integer("top_k", 0, Integer.MAX_VALUE),
        options.number("min_p", 0, 1),
        options.number("repeat_penalty", 0.01, 100),
        options.number("presence_penalty", -2, 2),
        options.number("frequency_penalty", -2, 2),
        options.longNumber("seed"),
        Map.of());
  }

  private static void think(Fields body, ChatRequest request) {
    JsonNode think = body.node("think");
    if (think == null) {
      return;
    }
    if (think.isBoolean()) {
      request.thinking(think.booleanValue());
      return;
    }
    String effort = body.required("think");
    if (!List.of("none", "low", "medium", "high", "max").contains(effort)) {
      throw Problem.invalid("think", "must be true, false, low, medium, high or max");
    }
    request.thinking(!effort.equals("none")).effort(effort);
  }

  private static AnswerFormat format(Fields body) {
    JsonNode format = body.node("format");
    if (format == null || format.isString() && format.stringValue().isEmpty()) {
      return AnswerFormat.TEXT;
    }
    if (format instanceof ObjectNode schema) {
      return new AnswerFormat.JsonSchema(schema, true, "format");
    }
    if (!body.required("format").equals("json")) {
      throw Problem.invalid("format", "must be json or a JSON schema");
    }
    return AnswerFormat.JSON_OBJECT;
  }

  /** {@code num_ctx} only lowers the limit, and a prompt beyond it is an error. */
  private static void limit(Fields options, TurnRequest turn) {
    Integer context = options.integer("num_ctx", 1, Integer.MAX_VALUE);
    int prompt = turn.generation().prompt().length;
    if (context != null && prompt >= context) {
      throw Problem.contextLength(prompt, context);
    }
  }

  private static void finish(Fields body, Fields options, Call call) {
    body.accept("keep_alive", "logprobs", "top_logprobs");
    options.accept("num_ctx", "num_keep", "num_batch", "num_gpu", "num_thread", "repeat_last_n");
    call.unknown(body);
    call.unknown(options);
  }

  private static void send(Call call, ObjectNode json) {
    Responders.json(call, 200, json);
  }
}
