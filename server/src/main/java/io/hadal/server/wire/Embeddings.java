package io.hadal.server.wire;

import io.hadal.chat.Problem;
import io.hadal.chat.ServedModel;
import io.hadal.chat.Usage;
import io.hadal.platform.usage.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Future;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code POST /v1/embeddings} (api.md 8.2) and {@code POST /api/embed}: vectors of texts. The
 * models served have no head for that, so answers are marked as experimental; see {@link
 * io.hadal.engine.TextEmbedding}.
 */
public final class Embeddings {
  private static final int MOST_TEXTS = 2048;

  private final ServedModel model;
  private final long bodyLimit;

  public Embeddings(ServedModel model, long bodyLimit) {
    this.model = model;
    this.bodyLimit = bodyLimit;
  }

  /** OpenAI's form. */
  public void handle(Call call) throws IOException {
    Fields body = call.json(bodyLimit);
    Models.require(call, model, body.required("model"));
    List<int[]> texts = texts(body, call);
    String format = body.string("encoding_format", "float");
    if (!format.equals("float") && !format.equals("base64")) {
      throw Problem.invalid("encoding_format", "must be float or base64, not " + format);
    }
    body.accept("user");
    call.unknown(body);
    ObjectNode json = WireJson.object().put("object", "list");
    ArrayNode data = json.putArray("data");
    for (float[] vector : vectors(call, texts)) {
      ObjectNode entry = data.addObject().put("object", "embedding").put("index", data.size() - 1);
      if (format.equals("base64")) {
        entry.put("embedding", base64(vector));
      } else {
        numbers(entry.putArray("embedding"), vector);
      }
    }
    int tokens = call.usage().input();
    json.put("model", model.profile().version())
        .putObject("usage")
        .put("prompt_tokens", tokens)
        .put("total_tokens", tokens);
    Responders.json(call, 200, json);
  }

  /** Ollama's form. */
  public void ollama(Call call) throws IOException {
    Fields body = call.json(bodyLimit);
    String name = OllamaApi.require(call, model, body.required("model"));
    List<int[]> texts = texts(body, call);
    body.accept("truncate", "options", "keep_alive");
    call.unknown(body);
    ObjectNode json = WireJson.object().put("model", name);
    ArrayNode data = json.putArray("embeddings");
    for (float[] vector : vectors(call, texts)) {
      numbers(data.addArray(), vector);
    }
    json.put("total_duration", call.age().toNanos())
        .put("load_duration", 0)
        .put("prompt_eval_count", call.usage().input());
    Responders.json(call, 200, json);
  }

  private List<int[]> texts(Fields body, Call call) {
    int size = model.config().hiddenSize();
    Integer dimensions = body.integer("dimensions", 1, Integer.MAX_VALUE);
    if (dimensions != null && dimensions != size) {
      throw Problem.unsupported("dimensions", "must be " + size + ", the size of this model");
    }
    JsonNode input = body.node("input");
    if (input == null) {
      throw Problem.missing("input");
    }
    if (input.isString()) {
      return List.of(text(input, "input"));
    }
    if (input.isArray() && !input.isEmpty() && input.get(0).isNumber()) {
      return List.of(Completions.ids(input, "input", model));
    }
    List<int[]> texts = new ArrayList<>();
    for (JsonNode item : body.array("input", MOST_TEXTS)) {
      String at = "input[" + texts.size() + "]";
      if (item.isString()) {
        texts.add(text(item, at));
      } else if (item.isArray()) {
        texts.add(Completions.ids(item, at, model));
      } else {
        throw Problem.invalid(at, "must be text or token ids");
      }
    }
    if (texts.isEmpty()) {
      throw Problem.invalid("input", "must not be empty");
    }
    return texts;
  }

  private int[] text(JsonNode text, String at) {
    if (text.stringValue().isEmpty()) {
      throw Problem.invalid(at, "must not be empty");
    }
    return model.tokenizeText(text.stringValue());
  }

  private List<float[]> vectors(Call call, List<int[]> texts) throws IOException {
    call.exchange().watch();
    List<float[]> vectors = new ArrayList<>();
    long all = texts.stream().mapToLong(text -> text.length).sum();
    call.meter().begin(call, call.model(), call.version(model.profile().version()), all, 0);
    int tokens = 0;
    Outcome outcome = Outcome.ERROR;
    try {
      for (int[] text : texts) {
        if (!call.exchange().connected()) {
          outcome = tokens == 0 ? Outcome.CLIENT_LEFT_QUEUED : Outcome.CLIENT_LEFT;
          throw new ClientGoneException();
        }
        // One after the other: the engine computes them so, and its queue is for everyone.
        Future<float[]> started = model.embed(text);
        vectors.add(model.vector(started));
        tokens += text.length;
        call.usage(new Usage(tokens, 0, 0, 0, 0));
      }
      outcome = Outcome.COMPLETED;
    } finally {
      call.meter().end(call.usage(), outcome, 200, call.admitted(), null, null, null);
    }
    call.answeredBy(call.version(model.profile().version()));
    call.exchange().setHeader("x-hadal-experimental", "embeddings");
    call.tellIgnored();
    return vectors;
  }

  private static void numbers(ArrayNode array, float[] vector) {
    for (float value : vector) {
      array.add(value);
    }
  }

  private static String base64(float[] vector) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * vector.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
