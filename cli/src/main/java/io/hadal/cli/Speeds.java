package io.hadal.cli;

import io.hadal.engine.GenerationResult;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/**
 * How fast one generation went.
 *
 * @param promptTokens tokens taken in before the first new one
 * @param promptNanos time that took
 */
record Speeds(int promptTokens, long promptNanos, GenerationResult result) {

  private double promptPerSecond() {
    return promptNanos == 0 ? 0 : promptTokens * 1e9 / promptNanos;
  }

  /** One line for people. */
  String line() {
    String text =
        String.format(
            Locale.ROOT,
            "prompt %d tokens, %.1f tok/s; generated %d tokens, %.1f tok/s; stop: %s",
            promptTokens,
            promptPerSecond(),
            result.tokens().size(),
            result.tokensPerSecond(),
            stop());
    return result.drafted() == 0
        ? text
        : text
            + String.format(
                Locale.ROOT,
                "; drafts accepted %d of %d (%.0f %%)",
                result.accepted(),
                result.drafted(),
                100.0 * result.accepted() / result.drafted());
  }

  String stop() {
    return result.stop().name().toLowerCase(Locale.ROOT);
  }

  void put(ObjectNode node) {
    node.put("prompt_tokens", promptTokens)
        .put("prompt_seconds", promptNanos / 1e9)
        .put("prompt_tokens_per_second", promptPerSecond())
        .put("generated_tokens", result.tokens().size())
        .put("generation_seconds", result.nanos() / 1e9)
        .put("generated_tokens_per_second", result.tokensPerSecond())
        .put("drafted", result.drafted())
        .put("accepted", result.accepted());
  }
}
