package io.hadal.server.wire;

import io.hadal.chat.Problem;
import io.hadal.chat.ServedModel;
import io.hadal.platform.registry.ModelCard;
import io.hadal.platform.tenancy.Identity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /v1/models}: one object that clients of all dialects can read. */
public final class Models {
  private static final int MOST = 1000;

  private final @Nullable ServedModel model;
  private final Others others;
  private final @Nullable VersionEntries versions;

  /** Models that are answered elsewhere. */
  public interface Others {
    List<String> names();

    /** What is told of one; null when there is none of this name. */
    @Nullable ObjectNode entry(String name);
  }

  /**
   * The list.
   *
   * @param model null for none
   * @param others models of other providers and replicas
   * @param versions names of the registry, which come before those of the same name; null for none
   */
  public Models(@Nullable ServedModel model, Others others, @Nullable VersionEntries versions) {
    this.model = model;
    this.others = others;
    this.versions = versions;
  }

  /**
   * Accepts a name of the model.
   *
   * @throws Problem for any other, and for a key that may not use it
   */
  static void require(Call call, @Nullable ServedModel model, String name) {
    if (model == null || !model.answersTo(name)) {
      throw Problem.unknownModel(name);
    }
    call.model(name);
  }

  /** All names of a model, its own first. */
  static List<String> names(ServedModel model) {
    List<String> names = new ArrayList<>();
    names.add(model.profile().name());
    model.profile().aliases().stream().sorted().forEach(names::add);
    return names;
  }

  /**
   * All names, or those of a {@code lifecycle}; {@code limit}, {@code after_id} and {@code
   * before_id} page through them.
   */
  public void list(Call call) {
    List<String> names = model == null ? new ArrayList<>() : names(model);
    others.names().stream().filter(name -> !names.contains(name)).forEach(names::add);
    Identity identity = call.meter().identity();
    if (identity != null) {
      names.removeIf(name -> !identity.mayUse(name));
    }
    Map<String, ModelCard> cards = cards(identity);
    cards.keySet().stream().filter(name -> !names.contains(name)).forEach(names::add);
    String after = call.exchange().query("after_id");
    String before = call.exchange().query("before_id");
    String lifecycle = call.exchange().query("lifecycle");
    if (lifecycle != null) {
      names.removeIf(name -> !lifecycle.equals(lifecycle(cards.get(name))));
    }
    int from = after == null ? 0 : names.indexOf(after) + 1;
    int to = before == null || !names.contains(before) ? names.size() : names.indexOf(before);
    int limit = limit(call.exchange().query("limit"));
    boolean more = to - from > limit;
    if (to < names.size() && after == null) {
      // The page that ends there, as Anthropic's API has it.
      from = Math.max(0, to - limit);
    }
    List<String> page = from >= to ? List.of() : names.subList(from, Math.min(to, from + limit));
    ObjectNode json = WireJson.object().put("object", "list").put("has_more", more);
    json.put("first_id", page.isEmpty() ? null : page.getFirst());
    json.put("last_id", page.isEmpty() ? null : page.getLast());
    ArrayNode data = json.putArray("data");
    page.forEach(name -> data.add(entry(name, identity, cards.get(name))));
    Responders.json(call, 200, json);
  }

  private static String lifecycle(@Nullable ModelCard card) {
    return card == null ? "active" : card.version().lifecycle().text();
  }

  private Map<String, ModelCard> cards(@Nullable Identity identity) {
    Map<String, ModelCard> cards = new LinkedHashMap<>();
    if (versions != null && identity != null) {
      versions.cards(identity).forEach(card -> cards.put(card.name(), card));
    }
    return cards;
  }

  private ObjectNode entry(String name, @Nullable Identity identity, @Nullable ModelCard card) {
    return versions == null || identity == null || card == null
        ? entry(name)
        : versions.entry(card, identity);
  }

  private static int limit(@Nullable String text) {
    if (text == null || !text.matches("[0-9]{1,6}")) {
      return MOST;
    }
    return Math.clamp(Integer.parseInt(text), 1, MOST);
  }

  /** One of them. */
  public void get(Call call, String name) {
    Identity identity = call.meter().identity();
    ModelCard card = cards(identity).get(name);
    if (card != null) {
      Responders.json(call, 200, entry(name, identity, card));
      return;
    }
    if (versions != null && identity != null) {
      versions.refuse(name, identity);
    }
    if (others.entry(name) == null) {
      require(call, model, name);
    } else {
      call.model(name);
    }
    Responders.json(call, 200, entry(name));
  }

  private ObjectNode entry(String name) {
    ObjectNode routed = others.entry(name);
    ServedModel own = model;
    if (routed != null || own == null) {
      return routed == null ? WireJson.object() : routed;
    }
    ServedModel.Profile profile = own.profile();
    int context = own.context();
    ObjectNode json =
        WireJson.object()
            .put("id", name)
            .put("object", "model")
            .put("type", "model")
            .put("created", profile.created().getEpochSecond())
            .put("created_at", profile.created().toString())
            .put("owned_by", "hadal")
            .put("display_name", profile.displayName())
            .putNull("shutdown_date")
            .put("context_window", context)
            .put("context_length", context)
            .put("max_output_tokens", context)
            .put("max_input_tokens", context)
            .put("max_tokens", context);
    json.putArray("input_modalities").add("text");
    json.putArray("output_modalities").add("text");
    ArrayNode features = json.putArray("supported_features");
    features.add("tools").add("thinking").add("prefix").add("logprobs");
    if (own.fills()) {
      features.add("fim");
    }
    ObjectNode thinking = json.putObject("thinking");
    thinking.put("default", profile.thinking() ? "high" : "none");
    thinking.putArray("levels").add("none").add("low").add("high").add("max");
    json.putObject("pricing")
        .put("input", "0")
        .put("input_cache_read", "0")
        .put("output", "0")
        .put("currency", "USD");
    return json.put("alias_of", profile.version())
        .put("lifecycle", "active")
        .putNull("deprecated_at")
        .putNull("retires_at")
        .putNull("successor");
  }
}
