package io.hadal.server.telemetry;

import io.hadal.chat.Usage;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.CallTrace;
import io.hadal.server.wire.JsonMembers;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Spans of one call: its own, and what happened inside. */
final class RequestTrace implements CallTrace {
  /** Who answers when no upstream does. */
  private static final String OWN = "hadal";

  /** How calls end when nothing went wrong here. */
  private static final Set<String> GOOD = Set.of("ok", "replayed", "client_closed");

  private static final AttributeKey<List<String>> FINISH =
      AttributeKey.stringArrayKey(GenAiNames.FINISH_REASONS);

  private final Tracer tracer;
  private final GenAiNames names;
  private final Span server;
  private final Context inside;
  private @Nullable Span attempt;
  private @Nullable String provider;

  RequestTrace(Tracer tracer, GenAiNames names, Span server) {
    this.tracer = tracer;
    this.names = names;
    this.server = server;
    this.inside = Context.root().with(server);
  }

  @Override
  public void attempt(int number, String upstream, String kind, String model) {
    provider = kind;
    attempt =
        tracer
            .spanBuilder("upstream attempt " + number)
            .setParent(inside)
            .setSpanKind(SpanKind.CLIENT)
            .setAttribute("hadal.upstream", upstream)
            .setAttribute(names.provider(), kind)
            .setAttribute(GenAiNames.REQUEST_MODEL, model)
            .startSpan();
  }

  @Override
  public void attempted(String result) {
    Span span = attempt;
    attempt = null;
    if (span != null) {
      if (!result.equals("ok")) {
        span.setAttribute(GenAiNames.ERROR_TYPE, result);
        span.setStatus(StatusCode.ERROR);
      }
      span.end();
    }
  }

  @Override
  public @Nullable String traceparent() {
    Span span = attempt;
    if (span == null) {
      return null;
    }
    SpanContext context = span.getSpanContext();
    return "00-"
        + context.getTraceId()
        + "-"
        + context.getSpanId()
        + "-"
        + context.getTraceFlags().asHex();
  }

  @Override
  public void end(Call call) {
    if (server.isRecording()) {
      describe(call);
      steps(call);
    }
    server.end();
  }

  private void describe(Call call) {
    server.setAttribute("hadal.request.id", call.requestId());
    server.setAttribute("hadal.dialect", call.dialectName());
    server.setAttribute("hadal.outcome", call.outcome());
    if (!GOOD.contains(call.outcome())) {
      server.setAttribute(GenAiNames.ERROR_TYPE, call.outcome());
      server.setStatus(StatusCode.ERROR);
    }
    String operation = GenAiNames.operation(call.operation());
    String version = call.answeredBy();
    if (operation == null || version == null) {
      // What a client calls a model that is not there could be anything.
      return;
    }
    server.updateName(operation + " " + call.model());
    server.setAttribute(GenAiNames.OPERATION, operation);
    server.setAttribute(names.provider(), provider == null ? OWN : provider);
    server.setAttribute(GenAiNames.REQUEST_MODEL, call.model());
    server.setAttribute(GenAiNames.RESPONSE_MODEL, version);
    if (call.answerId() != null) {
      server.setAttribute(GenAiNames.RESPONSE_ID, call.answerId());
    }
    if (!call.finishReasons().isEmpty()) {
      server.setAttribute(FINISH, call.finishReasons());
    }
    Usage usage = call.usage();
    if (usage.total() > 0) {
      long input = (long) usage.inputUncached() + usage.cacheRead() + usage.cacheWrite();
      server.setAttribute(GenAiNames.INPUT_TOKENS, input);
      server.setAttribute(
          GenAiNames.OUTPUT_TOKENS, (long) usage.outputText() + usage.outputReasoning());
      server.setAttribute(GenAiNames.CACHE_READ, (long) usage.cacheRead());
      server.setAttribute(names.cacheWrite(), (long) usage.cacheWrite());
      server.setAttribute(GenAiNames.REASONING, (long) usage.outputReasoning());
    }
    byte[] body = call.bodyRead();
    JsonMembers members = body == null ? null : JsonMembers.of(body);
    if (members != null) {
      asked(members);
    }
  }

  /** Numbers of the request. */
  private void asked(JsonMembers members) {
    for (String name : new String[] {"max_completion_tokens", "max_output_tokens", "max_tokens"}) {
      long most = members.number(name, 0);
      if (most > 0) {
        server.setAttribute(GenAiNames.MAX_TOKENS, most);
        break;
      }
    }
    number(members, "temperature", GenAiNames.TEMPERATURE);
    number(members, "top_p", GenAiNames.TOP_P);
  }

  private void number(JsonMembers members, String field, String name) {
    JsonNode value = members.tree(field);
    if (value != null && value.isNumber()) {
      server.setAttribute(name, value.doubleValue());
    }
  }

  /** What this process did, as it was measured. */
  private void steps(Call call) {
    Duration queue = call.queueTime();
    Duration first = call.firstToken();
    if (call.upstream() != null || queue == null) {
      return;
    }
    Instant begun = call.admitted().plus(queue);
    step("queue", call.admitted(), begun);
    if (first != null) {
      Instant token = call.admitted().plus(first);
      step("prefill", begun, token);
      step("decode", token, call.admitted().plus(call.age()));
    }
  }

  private void step(String name, Instant from, Instant to) {
    tracer
        .spanBuilder(name)
        .setParent(inside)
        .setStartTimestamp(from)
        .startSpan()
        .end(to.isBefore(from) ? from : to);
  }
}
