package io.hadal.server.routing;

import io.hadal.chat.Problem;
import io.hadal.chat.Seal;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.SecretText;
import io.hadal.server.http.Exchange;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.routing.body.BodyEdit;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.client.OutgoingRequest;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.routing.config.UpstreamConfig;
import io.hadal.server.routing.config.UpstreamFormat;
import io.hadal.server.routing.convert.ChatEvents;
import io.hadal.server.routing.convert.ChatToMessages;
import io.hadal.server.routing.convert.Converted;
import io.hadal.server.routing.convert.MessagesEvents;
import io.hadal.server.routing.convert.MessagesToChat;
import io.hadal.server.wire.CallTrace;
import io.hadal.server.wire.ConvertedAnswer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What is sent to an upstream, and how its answer is read.
 *
 * @param body the body
 * @param beta whether it needs what DeepSeek has below {@code /beta} only
 */
record UpstreamRequest(Operation spoken, byte[] body, boolean beta, Translator translator) {
  private static final String ANTHROPIC_VERSION = "2023-06-01";

  /** Headers that go on beside those that begin with anthropic- or x-claude-code-. */
  private static final Set<String> FORWARDED =
      Set.of(
          "session-id",
          "thread-id",
          "x-session-affinity",
          "x-session-id",
          "originator",
          "openai-beta",
          "traceparent",
          "tracestate");

  /**
   * The request for a candidate.
   *
   * @throws Problem when it cannot be expressed there
   */
  static UpstreamRequest of(RoutedRequest request, Candidate candidate, Seal seal) {
    RequestView view = request.view();
    Operation spoken = candidate.spoken();
    if (spoken != view.operation()) {
      return converted(request, candidate, seal);
    }
    BodyEdit edit = new BodyEdit(view.body(), view.members());
    boolean openAi = spoken == Operation.CHAT || spoken == Operation.COMPLETIONS;
    boolean hideUsage = openAi && view.stream() && !view.includesUsage();
    if (!candidate.model().upstreamName().equals(view.model())) {
      edit.text("model", candidate.model().upstreamName());
    }
    edit.remove("provider");
    if (hideUsage) {
      edit.includeUsage();
    }
    if (request.zdr() && spoken == Operation.RESPONSES) {
      edit.literal("store", "false");
    } else if (request.zdr() && view.members().has("store")) {
      edit.literal("store", "false");
    }
    // Only DeepSeek has such paths.
    boolean beta =
        candidate.backend().config().format() == UpstreamFormat.DEEPSEEK
            && (spoken == Operation.COMPLETIONS
                || (spoken == Operation.CHAT
                    && (view.hasPrefix() || view.features().contains("strict_tools"))));
    return new UpstreamRequest(
        spoken, edit.apply(), beta, new PassThrough(spoken, hideUsage, request.call().requestId()));
  }

  private static UpstreamRequest converted(RoutedRequest request, Candidate candidate, Seal seal) {
    RequestView view = request.view();
    JsonNode json;
    try {
      json = Json.parse(view.body(), "body");
    } catch (FormatException e) {
      throw HttpProblem.invalidJson(String.valueOf(e.getMessage()).replaceFirst("^body: ", ""));
    }
    String owner = request.call().client().cacheKey();
    Converted converted;
    Translator translator;
    if (candidate.spoken() == Operation.MESSAGES) {
      converted = ChatToMessages.convert(json, candidate.model().upstreamName());
      translator =
          new Conversion(
              new MessagesEvents(),
              ConvertedAnswer.chat(
                  request.call(),
                  candidate.version(),
                  view.includesUsage(),
                  converted.body().has("thinking")
                      && !"disabled"
                          .equals(converted.body().path("thinking").path("type").asString(""))),
              view.promptTokens());
    } else {
      UpstreamConfig upstream = candidate.backend().config();
      converted =
          MessagesToChat.convert(
              json,
              candidate.model().upstreamName(),
              upstream.format(),
              upstream.url().getHost().endsWith("openai.com")
                  ? "max_completion_tokens"
                  : "max_tokens",
              candidate.model().offers("thinking"),
              text -> text == null ? null : seal.open(text, owner));
      translator =
          new Conversion(
              new ChatEvents(),
              ConvertedAnswer.messages(
                  request.call(),
                  candidate.version(),
                  seal,
                  "omitted".equals(json.path("thinking").path("display").asString("")),
                  json.has("context_management")),
              view.promptTokens());
    }
    List<String> known = request.call().ignored();
    request.call().ignore(converted.ignored().stream().filter(n -> !known.contains(n)).toList());
    return new UpstreamRequest(
        candidate.spoken(),
        Json.text(converted.body()).getBytes(StandardCharsets.UTF_8),
        false,
        translator);
  }

  /** As HTTP, with the upstream's credentials in place of the client's. */
  OutgoingRequest http(RoutedRequest request, UpstreamConfig upstream, @Nullable SecretText key) {
    Exchange exchange = request.call().exchange();
    String query =
        spoken == Operation.MESSAGES && "true".equals(exchange.query("beta")) ? "?beta=true" : "";
    OutgoingRequest http = new OutgoingRequest("POST", uri(upstream, spoken, beta, query));
    http.header("content-type", "application/json");
    http.header("accept", request.view().stream() ? "text/event-stream" : "application/json");
    common(http, exchange, upstream, key, spoken.anthropic());
    http.header("x-client-request-id", request.call().requestId());
    CallTrace trace = request.call().trace();
    String parent = trace == null ? null : trace.traceparent();
    if (parent != null) {
      http.header("traceparent", parent);
    }
    http.body(body);
    return http;
  }

  /** Headers of every request. */
  static void common(
      OutgoingRequest http,
      @Nullable Exchange exchange,
      UpstreamConfig upstream,
      @Nullable SecretText key,
      boolean anthropic) {
    boolean version = false;
    if (exchange != null) {
      for (String name : exchange.headerNames()) {
        String value = forwarded(name, anthropic) ? exchange.header(name) : null;
        if (value != null && isVisible(value)) {
          http.header(name, value);
          version |= name.equals("anthropic-version");
        }
      }
    }
    upstream.headers().forEach(http::header);
    if (anthropic && !version && !upstream.headers().containsKey("anthropic-version")) {
      http.header("anthropic-version", ANTHROPIC_VERSION);
    }
    if (key == null) {
      return;
    }
    if (anthropic || upstream.format() == UpstreamFormat.ANTHROPIC) {
      http.header("x-api-key", key.reveal());
    } else {
      http.header("authorization", "Bearer " + key.reveal());
    }
  }

  private static boolean isVisible(String value) {
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) < 0x20 || value.charAt(i) > 0x7e) {
        return false;
      }
    }
    return true;
  }

  private static boolean forwarded(String name, boolean anthropic) {
    return FORWARDED.contains(name)
        || name.startsWith("x-claude-code-")
        || (anthropic && name.startsWith("anthropic-"));
  }

  /** Where an upstream takes an operation. */
  static URI uri(UpstreamConfig upstream, Operation operation, boolean beta, String query) {
    return URI.create(base(upstream, operation.anthropic(), beta) + operation.path() + query);
  }

  /** What stands before the path of an operation. */
  static String base(UpstreamConfig upstream, boolean anthropic, boolean beta) {
    String base = upstream.url().toString();
    if (upstream.format() == UpstreamFormat.DEEPSEEK) {
      String root = base.endsWith("/v1") ? base.substring(0, base.length() - 3) : base;
      return root + (anthropic ? "/anthropic/v1" : beta ? "/beta" : "/v1");
    }
    String path = upstream.url().getPath();
    // As the SDKs do: those of OpenAI take the whole base, those of Anthropic its root.
    boolean whole = base.endsWith("/v1") || (!anthropic && path != null && !path.isEmpty());
    return whole ? base : base + "/v1";
  }

  /** Where an upstream lists its models. */
  static URI models(UpstreamConfig upstream) {
    boolean anthropic = upstream.format() == UpstreamFormat.ANTHROPIC;
    return URI.create(base(upstream, anthropic, false) + "/models");
  }

  /** Fields of OpenAI's error objects that hold words. */
  static @Nullable String words(byte[] error) {
    try {
      JsonNode json = Json.parse(error, "error");
      for (JsonNode place : List.of(json.path("error").path("message"), json.path("message"))) {
        if (place.isString()) {
          return place.stringValue();
        }
      }
    } catch (FormatException e) {
      // No JSON, no words.
    }
    return null;
  }
}
