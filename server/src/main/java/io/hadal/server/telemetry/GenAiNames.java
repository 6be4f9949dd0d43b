package io.hadal.server.telemetry;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Names of OpenTelemetry's conventions for generative AI. They are not stable yet: all of them are
 * here, in the generation that the environment asks for.
 *
 * @param provider who answers
 * @param cacheWrite tokens that were written to a cache
 */
public record GenAiNames(String provider, String cacheWrite) {
  public static final String OPERATION = "gen_ai.operation.name";
  public static final String REQUEST_MODEL = "gen_ai.request.model";
  public static final String RESPONSE_MODEL = "gen_ai.response.model";
  public static final String RESPONSE_ID = "gen_ai.response.id";
  public static final String FINISH_REASONS = "gen_ai.response.finish_reasons";
  public static final String MAX_TOKENS = "gen_ai.request.max_tokens";
  public static final String TEMPERATURE = "gen_ai.request.temperature";
  public static final String TOP_P = "gen_ai.request.top_p";
  public static final String INPUT_TOKENS = "gen_ai.usage.input_tokens";
  public static final String OUTPUT_TOKENS = "gen_ai.usage.output_tokens";
  public static final String CACHE_READ = "gen_ai.usage.cache_read.input_tokens";
  public static final String REASONING = "gen_ai.usage.reasoning.output_tokens";
  public static final String ERROR_TYPE = "error.type";
  public static final String SERVER_DURATION = "gen_ai.server.request.duration";
  public static final String SERVER_FIRST = "gen_ai.server.time_to_first_token";
  public static final String SERVER_EACH = "gen_ai.server.time_per_output_token";
  public static final String CLIENT_DURATION = "gen_ai.client.operation.duration";

  /** Asks for the newest names in {@code OTEL_SEMCONV_STABILITY_OPT_IN}. */
  private static final String LATEST = "gen_ai_latest_experimental";

  /** Our names of operations, where the conventions have others. */
  private static final Map<String, String> OPERATIONS =
      Map.of(
          "chat", "chat",
          "messages", "chat",
          "responses", "chat",
          "completion", "text_completion",
          "embedding", "embeddings",
          "image", "generate_content",
          "video", "generate_content");

  /**
   * The names for a value of {@code OTEL_SEMCONV_STABILITY_OPT_IN}.
   *
   * @param optIn words with commas between them; null for none
   */
  public static GenAiNames of(@Nullable String optIn) {
    boolean latest = optIn != null && List.of(optIn.split("\\s*,\\s*")).contains(LATEST);
    return new GenAiNames(
        "gen_ai.provider.name",
        latest
            ? "gen_ai.usage.cache_write.input_tokens"
            : "gen_ai.usage.cache_creation.input_tokens");
  }

  /** The conventions' name of one of our operations; null when it generates nothing. */
  static @Nullable String operation(String own) {
    return OPERATIONS.get(own);
  }
}
