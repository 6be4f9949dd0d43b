package io.hadal.cli.platform;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Limits that a key has of its own. */
final class KeyLimitOptions {
  @Option(names = "--rpm", paramLabel = "N", description = "Most requests a minute.")
  private @Nullable Long perMinute;

  @Option(names = "--rpd", paramLabel = "N", description = "Most requests a day of UTC.")
  private @Nullable Long perDay;

  @Option(names = "--tpm", paramLabel = "N", description = "Most tokens a minute, of all kinds.")
  private @Nullable Long tokensPerMinute;

  @Option(names = "--tpd", paramLabel = "N", description = "Most tokens a day of UTC.")
  private @Nullable Long tokensPerDay;

  @Option(names = "--concurrency", paramLabel = "N", description = "Most requests at a time.")
  private @Nullable Long concurrency;

  @Option(
      names = "--budget",
      paramLabel = "USD",
      description = "Most it may spend in a window, such as 12.50.")
  private @Nullable String budget;

  @Option(
      names = "--budget-window",
      paramLabel = "WINDOW",
      description = "total, day, week or month. Default: month.")
  private @Nullable String window;

  /** The limits as keys have them. */
  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    put(json, "rpm", perMinute);
    put(json, "rpd", perDay);
    put(json, "tpm_total", tokensPerMinute);
    put(json, "tpd", tokensPerDay);
    put(json, "concurrency", concurrency);
    if (budget != null) {
      json.put("budget_usd", budget);
    }
    if (window != null) {
      json.put("budget_window", window);
    }
    return json;
  }

  private static void put(ObjectNode json, String name, @Nullable Long amount) {
    if (amount != null) {
      json.put(name, amount);
    }
  }
}
