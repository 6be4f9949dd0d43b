package io.hadal.server;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The configuration in effect, how it differs from the defaults, and its reloads so far. */
final class ConfigHistory {
  private static final int KEPT = 50;

  /** A setting before and after. */
  private record Change(String key, @Nullable String before, @Nullable String after) {}

  /**
   * A reload.
   *
   * @param problem why it was refused; null when it was not
   * @param restart settings that need a restart to have an effect
   */
  private record Reload(
      Instant at, @Nullable String problem, List<Change> changes, List<String> restart) {}

  private final Clock clock;
  private final JsonNode defaults;
  private final Deque<Reload> reloads = new ArrayDeque<>();
  private JsonNode effective = JsonNodeFactory.instance.objectNode();

  ConfigHistory(Clock clock, JsonNode defaults) {
    this.clock = clock;
    this.defaults = defaults;
  }

  /** What the server starts with. */
  synchronized void started(JsonNode config) {
    effective = config;
  }

  /** A file that was applied, but for what needs a restart. */
  synchronized void applied(JsonNode config, List<String> restart) {
    add(new Reload(clock.instant(), null, changes(effective, config), List.copyOf(restart)));
    effective = config;
  }

  /** A file that was refused as a whole. */
  synchronized void refused(String problem) {
    add(new Reload(clock.instant(), problem, List.of(), List.of()));
  }

  private void add(Reload reload) {
    reloads.addFirst(reload);
    if (reloads.size() > KEPT) {
      reloads.removeLast();
    }
  }

  private static List<Change> changes(JsonNode before, JsonNode after) {
    TreeSet<String> keys = new TreeSet<>(before.propertyNames());
    keys.addAll(after.propertyNames());
    List<Change> changes = new ArrayList<>();
    for (String key : keys) {
      String old = text(before, key);
      String now = text(after, key);
      if (!Objects.equals(old, now)) {
        changes.add(new Change(key, old, now));
      }
    }
    return changes;
  }

  private static @Nullable String text(JsonNode config, String key) {
    JsonNode value = config.path(key);
    return value.isMissingNode() || value.isNull() ? null : value.asString("");
  }

  /** All of it, for administrators; reloads with the newest first. */
  synchronized JsonNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.set("config", effective);
    put(json.putArray("changed"), changes(defaults, effective));
    ArrayNode list = json.putArray("reloads");
    for (Reload reload : reloads) {
      ObjectNode one =
          list.addObject()
              .put("at", reload.at.toString())
              .put("applied", reload.problem == null)
              .put("problem", reload.problem);
      put(one.putArray("changes"), reload.changes);
      ArrayNode restart = one.putArray("needs_restart");
      reload.restart.forEach(restart::add);
    }
    return json;
  }

  private static void put(ArrayNode array, List<Change> changes) {
    for (Change change : changes) {
      array
          .addObject()
          .put("key", change.key)
          .put("before", change.before)
          .put("after", change.after);
    }
  }
}
