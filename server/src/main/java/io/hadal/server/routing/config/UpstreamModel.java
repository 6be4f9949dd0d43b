package io.hadal.server.routing.config;

import io.hadal.platform.money.PriceSnapshot;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model at an upstream.
 *
 * @param upstreamName its name there
 * @param context longest conversation in tokens; 0 when unknown
 * @param features what it can do; empty when unknown, which means everything
 * @param prices what the upstream bills; null when unknown
 */
public record UpstreamModel(
    String upstreamName, int context, Set<String> features, @Nullable PriceSnapshot prices) {
  /** Names of features that a request may need. */
  public static final Set<String> FEATURES =
      Set.of(
          "tools",
          "strict_tools",
          "vision",
          "json_object",
          "json_schema",
          "thinking",
          "logprobs",
          "fim",
          "prefix");

  public UpstreamModel {
    features = Set.copyOf(features);
  }

  /** Whether it can do something. */
  public boolean offers(String feature) {
    return features.isEmpty() || features.contains(feature);
  }

  UpstreamModel named(String name) {
    return new UpstreamModel(name, context, features, prices);
  }
}
