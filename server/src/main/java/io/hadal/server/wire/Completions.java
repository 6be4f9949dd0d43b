package io.hadal.server.wire;

import io.hadal.chat.AnswerFormat;
import io.hadal.chat.ChatPlanner;
import io.hadal.chat.Ids;
import io.hadal.chat.Problem;
import io.hadal.chat.Sampling;
import io.hadal.chat.ServedModel;
import io.hadal.chat.TokenInfo;
import io.hadal.chat.TurnEvent;
import io.hadal.chat.TurnEvent.Finish;
import io.hadal.chat.TurnRequest;
import io.hadal.chat.Usage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/completions}: continues plain text, or fills in between prefix and suffix. */
public final class Completions {
  private static final int DEFAULT_TOKENS = 16;
  private static final int DEFAULT_FILL_TOKENS = 256;
  private static final int MOST_PROMPTS = 64;
  private static final int MOST_CHOICES = 8;

  private final ChatPlanner planner;
  private final TurnRunner runner;
  private final long bodyLimit;

  public Completions(ChatPlanner planner, TurnRunner runner, long bodyLimit) {
    this.planner = planner;
    this.runner = runner;
    this.bodyLimit = bodyLimit;
  }

  /** What is asked for one prompt. */
  private record Ask(int[] ids, String text) {}

  /** What all choices have in common. */
  private record Head(String id, long created, String model, boolean logprobs) {
    ObjectNode object() {
      return WireJson.object()
          .put("id", id)
          .put("object", "text_completion")
          .put("created", created)
          .put("model", model)
          .put("system_fingerprint", "fp_" + Integer.toHexString(model.hashCode()));
    }
  }

  public void handle(Call call) throws IOException {
    Fields body = call.json(bodyLimit);
    ServedModel model = planner.model();
    Models.require(call, model, body.required("model"));
    String suffix = body.string("suffix");
    if (suffix != null && !model.fills()) {
      throw Problem.unsupported("suffix", "needs a model that fills in; this one does not");
    }
    List<Ask> asks = prompts(body, model, suffix);
    int choices = body.integer("n", 1, MOST_CHOICES, 1);
    Integer best = body.integer("best_of", 1, MOST_CHOICES);
    if (best != null && best != choices) {
      throw Problem.unsupported("best_of", "must equal n");
    }
    int most =
        body.integer(
            "max_tokens",
            1,
            Integer.MAX_VALUE,
            suffix == null ? DEFAULT_TOKENS : DEFAULT_FILL_TOKENS);
    if (most > model.context()) {
      throw Problem.invalid(
          "max_tokens", "is " + most + "; this model gives at most " + model.context());
    }
    Integer logprobs = logprobs(body);
    boolean echo = body.bool("echo", false);
    if (echo && suffix != null) {
      throw Problem.unsupported("echo", "has no meaning with suffix");
    }
    Sampling sampling = OpenAiFields.sampling(body);
    AnswerFormat format = AnswerFormats.read(body);
    List<String> stops = body.stops("stop");
    boolean stream = body.bool("stream", false);
    Fields options = body.object("stream_options");
    boolean includeUsage = options != null && options.bool("include_usage", false);
    body.accept("user", "user_id", "metadata", "store", "prompt_cache_key");
    call.unknown(body);
    if (stream && asks.size() > 1) {
      throw Problem.unsupported("prompt", "must be a single one with stream");
    }
    List<TurnRequest> turns = new ArrayList<>();
    for (Ask ask : asks) {
      turns.add(
          planner.text(
              ask.ids,
              most,
              sampling,
              stops,
              logprobs == null ? -1 : logprobs,
              choices,
              suffix != null,
              format,
              call.client()));
    }
    Head head =
        new Head(
            call.answerId(Ids.next("cmpl-")),
            call.created(),
            model.profile().version(),
            logprobs != null);
    if (stream) {
      runner.stream(
          call,
          turns.getFirst(),
          new Stream(head, choices, echo ? asks.getFirst().text : "", includeUsage));
      return;
    }
    ObjectNode json = head.object();
    ArrayNode list = json.putArray("choices");
    Usage usage = Usage.NONE;
    for (int i = 0; i < turns.size(); i++) {
      for (Answer answer : runner.collect(call, turns.get(i))) {
        String text = (echo ? asks.get(i).text : "") + answer.text;
        choice(list.addObject(), list.size() - 1, text, head, answer.textTokens)
            .put("finish_reason", finish(answer.finish));
      }
      usage = usage.plus(call.usage());
    }
    call.usage(usage);
    json.set("usage", OpenAiFields.usage(usage));
    Responders.json(call, 200, json);
  }

  private static @Nullable Integer logprobs(Fields body) {
    JsonNode node = body.node("logprobs");
    if (node != null && node.isBoolean()) {
      return node.booleanValue() ? Integer.valueOf(0) : null;
    }
    return body.integer("logprobs", 0, 20);
  }

  private static List<Ask> prompts(Fields body, ServedModel model, @Nullable String suffix) {
    JsonNode node = body.node("prompt");
    if (node == null) {
      throw Problem.missing("prompt");
    }
    List<Ask> asks = new ArrayList<>();
    if (node.isString()) {
      asks.add(text(node.stringValue(), model, suffix));
      return asks;
    }
    if (!node.isArray() || node.isEmpty()) {
      throw Problem.invalid("prompt", "must be text, token ids, or an array of either");
    }
    if (node.get(0).isNumber()) {
      asks.add(tokens(node, "prompt", model, suffix));
      return asks;
    }
    for (JsonNode item : body.array("prompt", MOST_PROMPTS)) {
      String at = "prompt[" + asks.size() + "]";
      if (item.isString()) {
        asks.add(text(item.stringValue(), model, suffix));
      } else if (item.isArray()) {
        asks.add(tokens(item, at, model, suffix));
      } else {
        throw Problem.invalid(at, "must be text or token ids");
      }
    }
    return asks;
  }

  private static Ask text(String prompt, ServedModel model, @Nullable String suffix) {
    int[] ids = suffix == null ? model.tokenizeText(prompt) : model.tokenizeHole(prompt, suffix);
    if (ids.length == 0) {
      throw Problem.invalid("prompt", "has no tokens");
    }
    return new Ask(ids, prompt);
  }

  private static Ask tokens(JsonNode array, String at, ServedModel model, @Nullable String suffix) {
    int[] ids = ids(array, at, model);
    String text = model.tokenizer().decode(ids, true);
    return suffix == null ? new Ask(ids, text) : text(text, model, suffix);
  }

  /** Token ids that a client gives. */
  static int[] ids(JsonNode array, String at, ServedModel model) {
    int[] ids = new int[array.size()];
    int vocabulary = model.config().vocabSize();
    for (int i = 0; i < ids.length; i++) {
      JsonNode item = array.get(i);
      if (!item.isInt() || item.intValue() < 0 || item.intValue() >= vocabulary) {
        throw Problem.invalid(at + "[" + i + "]", "must be a token id below " + vocabulary);
      }
      ids[i] = item.intValue();
    }
    if (ids.length == 0) {
      throw Problem.invalid(at, "has no tokens");
    }
    return ids;
  }

  private static ObjectNode choice(
      ObjectNode json, int index, String text, Head head, List<TokenInfo> tokens) {
    json.put("index", index).put("text", text);
    if (!head.logprobs) {
      return json.putNull("logprobs");
    }
    ObjectNode logprobs = json.putObject("logprobs");
    ArrayNode names = logprobs.putArray("tokens");
    ArrayNode values = logprobs.putArray("token_logprobs");
    ArrayNode tops = logprobs.putArray("top_logprobs");
    ArrayNode offsets = logprobs.putArray("text_offset");
    int offset = 0;
    for (TokenInfo token : tokens) {
      String name = OpenAiFields.tokenText(token.bytes());
      names.add(name);
      values.add(OpenAiFields.finite(token.logprob()));
      offsets.add(offset);
      offset += name.length();
      ObjectNode top = tops.addObject();
      for (TokenInfo.Alternative other : token.top()) {
        top.put(OpenAiFields.tokenText(other.bytes()), OpenAiFields.finite(other.logprob()));
      }
    }
    return json;
  }

  private static String finish(Finish finish) {
    return finish == Finish.LENGTH || finish == Finish.CONTEXT ? "length" : "stop";
  }

  /** The streamed form. */
  private record Stream(Head head, int choices, String echo, boolean includeUsage)
      implements AnswerStream {
    @Override
    public void begin(EventStream out) throws IOException {
      if (echo.isEmpty()) {
        // Nothing to say yet; this lets the headers go out.
        out.comment("accepted");
        return;
      }
      for (int i = 0; i < choices; i++) {
        out.data(chunk(i, echo, List.of(), null));
      }
    }

    @Override
    public void event(TurnEvent event, Usage usage, EventStream out) throws IOException {
      if (event instanceof TurnEvent.Text text) {
        out.data(chunk(text.choice(), text.text(), text.tokens(), null));
      } else if (event instanceof TurnEvent.End end) {
        out.data(chunk(end.choice(), "", List.of(), finish(end.finish())));
      }
    }

    private ObjectNode chunk(
        int index, String text, List<TokenInfo> tokens, @Nullable String finish) {
      ObjectNode json = head.object();
      choice(json.putArray("choices").addObject(), index, text, head, tokens)
          .put("finish_reason", finish);
      if (includeUsage) {
        json.putNull("usage");
      }
      return json;
    }

    @Override
    public void end(Usage usage, EventStream out) throws IOException {
      if (includeUsage) {
        ObjectNode json = head.object();
        json.putArray("choices");
        json.set("usage", OpenAiFields.usage(usage));
        out.data(json);
      }
      out.data("[DONE]");
    }

    @Override
    public void fail(Problem problem, EventStream out) throws IOException {
      out.data(Dialect.OPENAI.json(problem, ""));
    }

    @Override
    public void keepAlive(EventStream out) throws IOException {
      out.comment("keep-alive");
    }
  }
}
