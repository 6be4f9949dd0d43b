package io.hadal.server.wire;

import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.registry.ModelCard;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.tenancy.Identity;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Names of the registry in the list of models: what their versions were seen to do, and when they
 * end.
 */
public final class VersionEntries {
  private static final List<String> CONTEXTS =
      List.of(
          "context_window",
          "context_length",
          "max_output_tokens",
          "max_input_tokens",
          "max_tokens");

  private final Function<Identity, List<ModelCard>> cards;
  private final Prices prices;
  private final BiConsumer<String, Identity> refusing;

  /** What versions cost. */
  @FunctionalInterface
  public interface Prices {
    /** The prices of a version for a project now; null for none. */
    @Nullable PriceSnapshot of(String version, String project);
  }

  /**
   * Entries.
   *
   * @param cards what a key may see
   * @param refusing refuses a name of the registry that answers no more, or not to this key
   */
  public VersionEntries(
      Function<Identity, List<ModelCard>> cards,
      Prices prices,
      BiConsumer<String, Identity> refusing) {
    this.cards = cards;
    this.prices = prices;
    this.refusing = refusing;
  }

  /**
   * Tells why a name that is not in the list is not there, if it once was.
   *
   * @throws io.hadal.platform.Refusal with the successor, for one that has ended
   */
  void refuse(String name, Identity identity) {
    refusing.accept(name, identity);
  }

  /** What a key may see. */
  List<ModelCard> cards(Identity identity) {
    return cards.apply(identity);
  }

  /** The entry of a name. */
  ObjectNode entry(ModelCard card, Identity identity) {
    ModelVersion version = card.version();
    JsonNode manifest = version.manifest().json();
    Instant created = version.createdAt();
    ObjectNode json =
        WireJson.object()
            .put("id", card.name())
            .put("object", "model")
            .put("type", "model")
            .put("created", created.getEpochSecond())
            .put("created_at", created.toString())
            .put("owned_by", manifest.path("owned_by").asString(version.manifest().kind()))
            .put("display_name", manifest.path("display_name").asString(card.name()))
            .put("shutdown_date", date(version.retiresAt()));
    int context = manifest.path("context").asInt(0);
    for (String field : CONTEXTS) {
      json.put(field, context == 0 ? null : Integer.valueOf(context));
    }
    ArrayNode inputs = json.putArray("input_modalities").add("text");
    if (card.features().contains("image")) {
      inputs.add("image");
    }
    json.putArray("output_modalities").add("text");
    ArrayNode features = json.putArray("supported_features");
    card.features().forEach(features::add);
    pricing(json, prices.of(version.id(), identity.project()));
    return json.put("alias_of", version.id())
        .put("lifecycle", version.lifecycle().name().toLowerCase(Locale.ROOT))
        .put("deprecated_at", text(version.deprecatedAt()))
        .put("retires_at", text(version.retiresAt()))
        .put("successor", version.successor());
  }

  private static void pricing(ObjectNode json, @Nullable PriceSnapshot prices) {
    if (prices == null) {
      json.putNull("pricing");
      return;
    }
    json.putObject("pricing")
        .put("input", usd(prices.input()))
        .put("input_cache_read", usd(prices.cacheRead()))
        .put("output", usd(prices.output()))
        .put("currency", "USD");
  }

  private static String usd(long pico) {
    return BigDecimal.valueOf(pico, 12).stripTrailingZeros().toPlainString();
  }

  private static @Nullable String text(@Nullable Instant instant) {
    return instant == null ? null : instant.toString();
  }

  private static @Nullable String date(@Nullable Instant instant) {
    return instant == null ? null : instant.toString().substring(0, 10);
  }
}
