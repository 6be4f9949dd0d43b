package io.hadal.server.telemetry;

import io.hadal.platform.SecretText;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.CallTrace;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Sends traces of calls to a collector. Without a collector nothing of it is made. */
public final class Tracing implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int THOUSAND = 1000;

  private static final Pattern TRACEPARENT =
      Pattern.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})");

  private final SdkTracerProvider provider;
  private final Tracer tracer;
  private final GenAiNames names;

  private Tracing(SpanExporter exporter, TelemetryConfig config, String version, GenAiNames names) {
    this.names = names;
    this.provider =
        SdkTracerProvider.builder()
            .setResource(
                Resource.getDefault()
                    .merge(
                        Resource.create(
                            Attributes.of(
                                AttributeKey.stringKey("service.name"),
                                config.service(),
                                AttributeKey.stringKey("service.version"),
                                version))))
            .setSampler(
                Sampler.parentBased(
                    Sampler.traceIdRatioBased(config.sampled() / (double) THOUSAND)))
            .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
            .build();
    this.tracer = provider.get("io.hadal.server", version);
  }

  /**
   * Traces as a configuration and an environment ask for them; null when they ask for none.
   *
   * @param version of this server
   * @throws io.hadal.formats.FormatException when the collector's address or a header is unusable
   */
  public static @Nullable Tracing of(
      TelemetryConfig config, Map<String, String> environment, String version) {
    TelemetryConfig holds = config.in(environment);
    if (holds.endpoint() == null) {
      return null;
    }
    OtlpHttpSpanExporterBuilder exporter =
        OtlpHttpSpanExporter.builder().setEndpoint(holds.traces()).setTimeout(PATIENCE);
    for (Map.Entry<String, SecretText> header : holds.secrets(environment).entrySet()) {
      exporter.addHeader(header.getKey(), header.getValue().reveal());
    }
    GenAiNames names = GenAiNames.of(environment.get("OTEL_SEMCONV_STABILITY_OPT_IN"));
    return new Tracing(exporter.build(), holds, version, names);
  }

  /** Begins with a call whose key is known. */
  public CallTrace begin(Call call) {
    SpanBuilder builder =
        tracer
            .spanBuilder(call.operation())
            .setSpanKind(SpanKind.SERVER)
            .setStartTimestamp(call.admitted());
    SpanContext caller = caller(call.exchange().header("traceparent"));
    builder.setParent(caller == null ? Context.root() : Context.root().with(Span.wrap(caller)));
    return new RequestTrace(tracer, names, builder.startSpan());
  }

  /** Whose child a call is; null when nobody says so in a form that is known. */
  private static @Nullable SpanContext caller(@Nullable String header) {
    if (header == null) {
      return null;
    }
    Matcher matcher = TRACEPARENT.matcher(header.strip());
    if (!matcher.matches()) {
      return null;
    }
    SpanContext context =
        SpanContext.createFromRemoteParent(
            matcher.group(1),
            matcher.group(2),
            TraceFlags.fromHex(matcher.group(3), 0),
            TraceState.getDefault());
    return context.isValid() ? context : null;
  }

  /** Sends what has not been sent yet. */
  public void flush() {
    provider.forceFlush().join(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    provider.shutdown().join(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }
}
