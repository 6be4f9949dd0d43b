package io.hadal.server.http;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Pages of which other origins may use the API from a browser (api.md 1.4). Cookies are never sent
 * there: such a page needs a key of its own.
 */
public final class CrossOrigin {
  /** None. */
  public static final CrossOrigin NONE = new CrossOrigin(List.of());

  private static final String ANY = "*";
  private static final String ORIGIN = "[a-z][a-z0-9+.-]*://[^\\s/?#,]+";

  private static final Set<String> ALLOWED =
      Set.of(
          "authorization",
          "x-api-key",
          "api-key",
          "anthropic-version",
          "anthropic-beta",
          "anthropic-dangerous-direct-browser-access",
          "content-type",
          "idempotency-key",
          "x-request-id",
          "x-client-request-id",
          "traceparent",
          "tracestate");

  /** Families of headers of SDKs and of our own. */
  private static final List<String> FAMILIES = List.of("x-stainless-", "x-hadal-");

  private static final String EXPOSED =
      String.join(
          ", ",
          "x-request-id",
          "request-id",
          "openai-processing-ms",
          limits("x-ratelimit-limit-", "requests", "tokens"),
          limits("x-ratelimit-remaining-", "requests", "tokens"),
          limits("x-ratelimit-reset-", "requests", "tokens"),
          anthropic("requests"),
          anthropic("tokens"),
          anthropic("input-tokens"),
          anthropic("output-tokens"),
          "retry-after",
          "retry-after-ms",
          "x-should-retry",
          "x-hadal-model",
          "x-hadal-upstream",
          "x-hadal-ignored-params",
          "x-hadal-downgraded",
          "x-hadal-redacted",
          "x-hadal-cache",
          "idempotent-replayed",
          "deprecation",
          "sunset",
          "link");

  private final List<String> origins;

  /** Origins such as {@code https://app.example}, or {@code *} for all. */
  public CrossOrigin(List<String> origins) {
    this.origins = List.copyOf(origins);
  }

  private static String limits(String prefix, String... whats) {
    return prefix + String.join(", " + prefix, whats);
  }

  private static String anthropic(String what) {
    return limits("anthropic-ratelimit-" + what + "-", "limit", "remaining", "reset");
  }

  /** Whether a text is an origin, or stands for all. */
  public static boolean isOrigin(String text) {
    return text.equals(ANY) || text.matches(ORIGIN);
  }

  /**
   * Sets the headers by which a browser lets a page read the answer.
   *
   * @param methods what the path of the request is there for
   * @return whether the browser only asks if it may: there is nothing to answer then
   */
  public boolean asks(Exchange exchange, Set<String> methods) {
    String origin = exchange.header("origin");
    if (origins.isEmpty() || origin == null) {
      return false;
    }
    boolean all = origins.contains(ANY);
    if (!all) {
      exchange.setHeader("vary", "origin");
    }
    if (!all && !origins.contains(origin)) {
      return false;
    }
    exchange.setHeader("access-control-allow-origin", all ? ANY : origin);
    exchange.setHeader("access-control-expose-headers", EXPOSED);
    if (!exchange.method().equals("OPTIONS")
        || exchange.header("access-control-request-method") == null) {
      return false;
    }
    exchange.setHeader("access-control-allow-methods", String.join(", ", methods));
    exchange.setHeader(
        "access-control-allow-headers", allowed(exchange.header("access-control-request-headers")));
    exchange.setHeader("access-control-max-age", "600");
    return true;
  }

  private static String allowed(@Nullable String asked) {
    Set<String> names = new TreeSet<>(ALLOWED);
    for (String name : asked == null ? new String[0] : asked.split(",", 64)) {
      String lower = name.strip().toLowerCase(Locale.ROOT);
      if (lower.matches("[a-z0-9-]{1,64}") && FAMILIES.stream().anyMatch(lower::startsWith)) {
        names.add(lower);
      }
    }
    return String.join(", ", names);
  }
}
