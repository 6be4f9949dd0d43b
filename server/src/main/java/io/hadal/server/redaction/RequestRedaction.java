package io.hadal.server.redaction;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.redaction.Redaction;
import io.hadal.platform.redaction.RedactionMode;
import io.hadal.platform.redaction.Redactor;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.ClientGoneException;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Redaction of requests and answers, as the policy of their project says. Whatever answers, a model
 * of this process or of others, sees the changed request only.
 */
public final class RequestRedaction {
  /** Asks for a tighter mode. */
  public static final String HEADER = "x-hadal-redaction";

  /** Tells how much was found in a request. */
  public static final String FOUND = "x-hadal-redacted";

  /** What has texts in its body. */
  private static final Set<String> OPERATIONS =
      Set.of(
          "chat",
          "completion",
          "responses",
          "input_tokens",
          "messages",
          "count_tokens",
          "embedding",
          "image",
          "video");

  /** What answers with numbers only. */
  private static final Set<String> NUMBERS = Set.of("input_tokens", "count_tokens", "embedding");

  private static final Set<String> KINDS = Set.copyOf(Redactor.standard().kinds());

  private final MeterRegistry registry;
  private final long bodyLimit;

  /** Answers a call. */
  @FunctionalInterface
  public interface Handler {
    void handle(Call call) throws IOException;
  }

  /**
   * Redaction that counts what it finds.
   *
   * @param bodyLimit longest body
   */
  public RequestRedaction(MeterRegistry registry, long bodyLimit) {
    this.registry = registry;
    this.bodyLimit = bodyLimit;
  }

  /**
   * Lets a call be answered, with what its project wants to be done to it.
   *
   * @throws Problem when the request may not go on
   */
  public void run(Call call, Handler handler) throws IOException {
    Identity identity = call.meter().identity();
    if (identity == null || !call.exchange().method().equals("POST")) {
      handler.handle(call);
      return;
    }
    ProjectPolicy policy = identity.policy();
    RedactionMode mode = mode(policy, call.exchange().header(HEADER));
    RedactionMode answers = policy.redactionRules().answers();
    boolean none = mode == RedactionMode.OFF && answers == RedactionMode.OFF;
    if (none || !OPERATIONS.contains(call.operation())) {
      handler.handle(call);
      return;
    }
    AnswerRules rules = request(call, policy.redactionRules().redactor(), mode, answers);
    if (NUMBERS.contains(call.operation()) || !(rules.looks() || rules.request().restores())) {
      handler.handle(call);
      return;
    }
    RedactingExchange exchange =
        new RedactingExchange(call.exchange(), call, rules, seen -> count("answer", seen.counts()));
    call.through(exchange);
    try {
      handler.handle(call);
    } catch (ClientGoneException e) {
      if (!rules.blocked()) {
        throw e;
      }
      // Nobody has left: the rest of the answer was not wanted.
      call.outcome("redaction_blocked");
      exchange.close();
    }
  }

  private static RedactionMode mode(ProjectPolicy policy, @Nullable String asked) {
    if (asked == null) {
      return policy.redaction().equals("off")
          ? RedactionMode.OFF
          : RedactionMode.of(policy.redaction());
    }
    try {
      return policy.redaction(RedactionMode.of(asked.strip()).text());
    } catch (FormatException e) {
      throw Problem.invalid(HEADER, "must be off, detect, pseudonymise, mask or block");
    }
  }

  /** Changes the request; returns what is to be done to its answer. */
  private AnswerRules request(
      Call call, Redactor redactor, RedactionMode mode, RedactionMode answers) throws IOException {
    // What blocks is found first, so that all kinds can be named.
    Redaction redaction = redactor.begin(mode == RedactionMode.BLOCK ? RedactionMode.DETECT : mode);
    ObjectNode body = body(call, mode);
    if (body == null || mode == RedactionMode.OFF) {
      return new AnswerRules(redaction, redactor, answers, body != null && wantsJson(body));
    }
    if (mode != RedactionMode.DETECT && (hasTokens(body, "prompt") || hasTokens(body, "input"))) {
      throw Problem.unsupported(
          body.has("prompt") ? "prompt" : "input",
          "must be text: this project redacts what it sends, and tokens cannot be read");
    }
    boolean changed = RequestTexts.change(body, redaction, call.client().tenant());
    Map<String, Integer> counts = redaction.counts();
    if (!counts.isEmpty()) {
      count("request", counts);
      if (mode == RedactionMode.BLOCK) {
        throw HttpProblem.redactionBlocked(
            "The request holds data that this project does not send to models: "
                + String.join(", ", counts.keySet())
                + ". Take it out and try again.");
      }
      call.exchange().setHeader(FOUND, header(counts));
    }
    if (changed) {
      call.replaceBody(Json.text(body).getBytes(StandardCharsets.UTF_8));
    }
    return new AnswerRules(redaction, redactor, answers, wantsJson(body));
  }

  /** The body; null when it is empty, or may be left as it is. */
  private @Nullable ObjectNode body(Call call, RedactionMode mode) throws IOException {
    byte[] bytes = call.body(bodyLimit);
    if (bytes.length == 0) {
      return null;
    }
    boolean loose = mode == RedactionMode.OFF || mode == RedactionMode.DETECT;
    String type = call.exchange().header("content-type");
    if (type != null && type.startsWith("multipart/")) {
      if (loose) {
        return null;
      }
      throw HttpProblem.unsupportedMedia(
          "content-type must be application/json: this project redacts what it sends");
    }
    JsonNode json;
    try {
      json = Json.parse(bytes, "body");
    } catch (FormatException e) {
      json = null;
    }
    if (json instanceof ObjectNode object) {
      return object;
    }
    if (loose) {
      return null;
    }
    // Somebody else could read it in another way.
    throw HttpProblem.invalidJson("no valid JSON object, or has a name twice");
  }

  /** Whether a prompt is given as numbers. */
  private static boolean hasTokens(ObjectNode body, String name) {
    JsonNode value = body.path(name);
    for (JsonNode item : value) {
      if (value.isArray() && (item.isNumber() || item.isArray())) {
        return true;
      }
    }
    return false;
  }

  /** Whether the text of the answer will be JSON, in which values need their escapes. */
  private static boolean wantsJson(ObjectNode body) {
    JsonNode ollama = body.path("format");
    return isJson(body.path("response_format"))
        || isJson(body.path("text").path("format"))
        || isJson(body.path("output_format"))
        || isJson(body.path("output_config").path("format"))
        || body.has("guided_json")
        || body.has("json_schema")
        || ollama.isObject()
        || ollama.asString("").equals("json");
  }

  private static boolean isJson(JsonNode format) {
    return format.path("type").asString("").startsWith("json");
  }

  /** Kinds and numbers, such as {@code CARD=1, EMAIL=2}. */
  private static String header(Map<String, Integer> counts) {
    StringBuilder text = new StringBuilder();
    counts.forEach(
        (kind, count) ->
            text.append(text.isEmpty() ? "" : ", ").append(kind).append('=').append(count));
    return text.toString();
  }

  /** Kinds of policies share a label: labels come from small sets. */
  private void count(String direction, Map<String, Integer> counts) {
    counts.forEach(
        (kind, count) ->
            registry
                .counter(
                    "llm_redactions_total",
                    "direction",
                    direction,
                    "kind",
                    KINDS.contains(kind) ? kind : "own")
                .increment(count));
  }
}
