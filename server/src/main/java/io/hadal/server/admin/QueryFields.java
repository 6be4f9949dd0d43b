package io.hadal.server.admin;

import io.hadal.platform.registry.Lifecycle;
import io.hadal.platform.reports.Dimension;
import io.hadal.platform.tenancy.Role;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Parameters that calls may have behind their path, for the description of the API. */
final class QueryFields {
  /** A line is a method, a path and names; {@code page} is limit and after. */
  private static final String TABLE =
      """
      GET /alert-deliveries state page
      GET /aliases page
      DELETE /aliases/{name} org reason
      GET /aliases/{name}/history org page
      GET /audit/events org actor action object from until page
      GET /audit/export org
      GET /budget-alerts page
      GET /budgets scope_type scope_id page
      GET /cache-explanations project session request limit
      GET /client-setups url model context
      GET /grants principal scope_type scope_id
      GET /keys org project page
      POST /ledger/reconcile backend
      GET /ledger/transactions project kind page
      GET /limits scope_type scope_id page
      GET /model-usage page
      GET /models lifecycle page
      DELETE /orgs/{org}/data-keys confirm
      GET /orgs page
      GET /prices version project page
      GET /prices/current version project at
      GET /principals org page
      GET /projects org team page
      GET /quality page
      GET /requests from to page dimensions
      GET /rollouts state page
      GET /session/oidc return_to
      GET /session/oidc/callback code state error
      GET /teams org page
      GET /upgrade-reports page
      GET /upgrade-reports/{id} format
      GET /usage by from to limit dimensions
      GET /usage/export format from to after dimensions
      GET /usage/series interval split from to limit dimensions
      """;

  private static final Map<String, Set<String>> BY_CALL = read();

  private QueryFields() {}

  private static Map<String, Set<String>> read() {
    Map<String, Set<String>> all = new HashMap<>();
    TABLE
        .lines()
        .forEach(
            line -> {
              List<String> words = List.of(line.split(" "));
              Set<String> names = new LinkedHashSet<>();
              for (String word : words.subList(2, words.size())) {
                switch (word) {
                  case "page" -> names.addAll(List.of("limit", "after"));
                  case "dimensions" -> names.addAll(Dimension.names());
                  default -> names.add(word);
                }
              }
              all.put(words.get(0) + " " + words.get(1), names);
            });
    return all;
  }

  /** Names of a call's parameters, in the order of the table. */
  static Set<String> of(String method, String path) {
    return BY_CALL.getOrDefault(method + " " + path, Set.of());
  }

  /** What a parameter of a path or query may be, by its name. */
  static ObjectNode schema(String name) {
    ObjectNode schema = AdminJson.object();
    switch (name) {
      case "limit" -> schema.put("type", "integer").put("minimum", 1);
      case "context" -> schema.put("type", "integer").put("minimum", 1);
      case "from", "to", "until", "at" ->
          schema.put("type", "string").put("description", "A time, or a day of UTC");
      case "after" ->
          schema.put("type", "string").put("description", "What the page before had as next");
      case "interval" -> choices(schema, List.of("hour", "day", "month"));
      case "role" -> choices(schema, names(Role.values()));
      case "lifecycle" -> choices(schema, names(Lifecycle.values()));
      case "estimated" -> choices(schema, List.of("true", "false"));
      case "url", "return_to" -> schema.put("type", "string").put("format", "uri-reference");
      default -> schema.put("type", "string").put("minLength", 1);
    }
    return schema;
  }

  private static List<String> names(Enum<?>[] values) {
    return Stream.of(values).map(value -> value.name().toLowerCase(Locale.ROOT)).toList();
  }

  private static void choices(ObjectNode schema, List<String> values) {
    ArrayNode all = schema.put("type", "string").putArray("enum");
    values.forEach(all::add);
  }

  /** All calls that have some. */
  static Set<String> calls() {
    return BY_CALL.keySet();
  }
}
