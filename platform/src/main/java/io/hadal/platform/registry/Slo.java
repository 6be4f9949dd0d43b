package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a version promises about its speed (platform.md 2.9), from the field {@code slo} of its
 * manifest.
 *
 * @param firstTokenMillis time to the first token of a prompt without length; 0 for none
 * @param perThousandMillis more of it for each thousand tokens that had to be computed
 * @param tokenMicros time between two tokens of an answer; 0 for no promise
 * @param percent of the requests that the promise is for
 */
public record Slo(long firstTokenMillis, long perThousandMillis, long tokenMicros, int percent) {
  private static final int USUAL_PERCENT = 95;
  private static final double MOST_MILLIS = 86_400_000;

  /** Whether there is a promise about first tokens. */
  public boolean firstToken() {
    return firstTokenMillis > 0 || perThousandMillis > 0;
  }

  /**
   * The promise of a manifest: {@code ttft_ms}, {@code ttft_ms_per_1k}, {@code tpot_ms}, {@code
   * percent}.
   *
   * @return null when it has none
   * @throws FormatException when a field is no positive number
   */
  static @Nullable Slo of(JsonNode manifest, String source) {
    JsonNode slo = manifest.path("slo");
    if (slo.isMissingNode() || slo.isNull()) {
      return null;
    }
    if (!slo.isObject()) {
      throw new FormatException(source, "slo must be an object");
    }
    Slo promise =
        new Slo(
            Math.round(millis(slo, "ttft_ms", source)),
            Math.round(millis(slo, "ttft_ms_per_1k", source)),
            Math.round(1000 * millis(slo, "tpot_ms", source)),
            percent(slo, source));
    if (!promise.firstToken() && promise.tokenMicros == 0) {
      throw new FormatException(source, "slo needs ttft_ms, ttft_ms_per_1k or tpot_ms");
    }
    return promise;
  }

  private static double millis(JsonNode slo, String field, String source) {
    JsonNode value = slo.path(field);
    if (value.isMissingNode()) {
      return 0;
    }
    if (!value.isNumber() || !(value.doubleValue() > 0 && value.doubleValue() <= MOST_MILLIS)) {
      throw new FormatException(source, "slo." + field + " must be a number of milliseconds");
    }
    return value.doubleValue();
  }

  private static int percent(JsonNode slo, String source) {
    JsonNode value = slo.path("percent");
    if (value.isMissingNode()) {
      return USUAL_PERCENT;
    }
    if (!value.isInt() || value.intValue() < 1 || value.intValue() > 100) {
      throw new FormatException(source, "slo.percent must be a whole number from 1 to 100");
    }
    return value.intValue();
  }
}
