package io.hadal.server.routing;

import io.hadal.platform.money.PriceSnapshot;
import io.hadal.server.routing.config.UpstreamModel;
import io.hadal.server.wire.Models;
import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Routed models in the list of models. */
public final class RoutedModels implements Models.Others {
  private final Router router;

  public RoutedModels(Router router) {
    this.router = router;
  }

  @Override
  public List<String> names() {
    return List.copyOf(router.models().keySet());
  }

  @Override
  public @Nullable ObjectNode entry(String name) {
    UpstreamModel model = router.models().get(name);
    if (model == null) {
      return null;
    }
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", name)
            .put("object", "model")
            .put("type", "model")
            .put("created", 0)
            .put("created_at", "1970-01-01T00:00:00Z")
            .put("owned_by", "upstream")
            .put("display_name", name)
            .putNull("shutdown_date");
    for (String field :
        List.of(
            "context_window",
            "context_length",
            "max_output_tokens",
            "max_input_tokens",
            "max_tokens")) {
      if (model.context() == 0) {
        json.putNull(field);
      } else {
        json.put(field, model.context());
      }
    }
    json.putArray("input_modalities").add("text");
    json.putArray("output_modalities").add("text");
    ArrayNode features = json.putArray("supported_features");
    model.features().stream().sorted().forEach(features::add);
    PriceSnapshot prices = model.prices();
    if (prices == null) {
      json.putNull("pricing");
    } else {
      json.putObject("pricing")
          .put("input", usd(prices.input()))
          .put("input_cache_read", usd(prices.cacheRead()))
          .put("output", usd(prices.output()))
          .put("currency", "USD");
    }
    return json.putNull("alias_of")
        .put("lifecycle", "active")
        .putNull("deprecated_at")
        .putNull("retires_at")
        .putNull("successor");
  }

  private static String usd(long pico) {
    return BigDecimal.valueOf(pico, 12).stripTrailingZeros().toPlainString();
  }
}
