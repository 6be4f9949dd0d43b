package io.hadal.server.admin;

import io.hadal.chat.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Fields that bodies of calls may have. A field with a slip in its name is refused: without it, a
 * key or a budget would be wider than its maker thinks.
 */
final class BodyFields {
  /** A line is a method, a path, and fields with their JSON types; a star: it must be there. */
  private static final String TABLE =
      """
      POST /alert-tests
      PUT /aliases/{name} org:string version*:string reason:string
      POST /audit/verify
      POST /backends/{name}/probe
      POST /budgets scope_type*:string scope_id*:string name*:string window*:string zone:string \
      limit_nano:integer limit_usd:string soft_percents:array action:string downgrade_to:string \
      carry_over:boolean
      PATCH /budgets/{id} name:string limit_nano:integer limit_usd:string soft_percents:array \
      action:string downgrade_to:string scope_type:string scope_id:string window:string \
      zone:string carry_over:boolean
      POST /capacity/plan costs:string rate:number growth:number prompt_tokens:integer output_tokens:integer \
      cached:number ttft_seconds:number tpot_seconds:number recorded_hours:integer \
      tenant_share:number tenant_growth:number usd_per_hour:number routed_prompt_usd:number \
      routed_cached_usd:number routed_output_usd:number
      POST /config/reload
      POST /drain
      POST /grants principal*:string role*:string scope_type*:string scope_id*:string
      POST /keys project*:string principal:string name*:string scopes:array models:array \
      addresses:array limits:object expires_at:string test:boolean
      PATCH /keys/{key} name:string scopes:array models:array addresses:array limits:object \
      expires_at:string
      POST /keys/{key}/rotate grace_seconds:integer
      POST /ledger/adjust postings*:array corrects*:string ref*:string memo:string
      POST /ledger/reconcile
      POST /ledger/verify
      POST /limit-checks key_id:string project_id:string end_user:string model*:string \
      tokens:integer
      POST /limits scope_type*:string scope_id*:string dimension*:string amount*:integer \
      model:string burst:integer cache_weight:number
      PATCH /limits/{id} amount:integer burst:integer cache_weight:number
      POST /models manifest*:object version:string
      POST /models/{id}/activate
      POST /models/{id}/deprecate deprecated_at:string retires_at:string successor:string
      POST /models/{id}/probes url:string key:string model:string
      POST /models/{id}/retire
      POST /orgs name*:string
      PATCH /orgs/{org} name:string policy:object
      POST /orgs/{org}/data-keys
      POST /prices version*:string project:string valid_from:string valid_to:string \
      prices*:object schedule:array source*:string
      POST /principals org*:string kind:string name*:string email:string
      PATCH /principals/{principal} name:string email:string
      POST /projects team*:string slug*:string name:string policy:object
      PATCH /projects/{project} slug:string name:string policy:object
      POST /projects/{id}/grant amount_nano:integer amount_usd:string ref*:string memo:string
      POST /projects/{id}/refund amount_nano:integer amount_usd:string ref*:string memo:string \
      version:string
      POST /projects/{id}/topup amount_nano:integer amount_usd:string ref*:string memo:string
      POST /quality version:string
      POST /redaction/trial project:string text*:string mode:string detectors:array
      POST /rollouts org:string alias*:string candidate*:string mode*:string percent:integer \
      stickiness:string guards:array
      POST /rollouts/{id}/percent percent*:integer
      POST /rollouts/{id}/promote reason:string
      POST /rollouts/{id}/rollback reason:string
      POST /rollouts/{id}/start
      POST /session name:string password*:string
      POST /teams org*:string name*:string
      PATCH /teams/{team} name:string policy:object
      POST /upgrade-reports from*:string to*:string project:string requests*:array
      """;

  private static final Map<String, BodyFields> ALL = read();

  private final Map<String, String> types = new LinkedHashMap<>();
  private final List<String> required = new ArrayList<>();

  private BodyFields() {}

  private static Map<String, BodyFields> read() {
    Map<String, BodyFields> all = new LinkedHashMap<>();
    for (String line : TABLE.split("\n")) {
      String[] words = line.strip().split(" +");
      BodyFields fields = new BodyFields();
      for (int i = 2; i < words.length; i++) {
        String[] field = words[i].split("\\*?:", 2);
        fields.types.put(field[0], field[1]);
        if (words[i].contains("*:")) {
          fields.required.add(field[0]);
        }
      }
      all.put(words[0] + " " + words[1], fields);
    }
    return all;
  }

  /** Fields of the body of an endpoint; null when it may have any. */
  static @Nullable BodyFields of(String method, String path) {
    return ALL.get(method + " " + path);
  }

  /**
   * Looks for fields that are none.
   *
   * @throws Problem when there is one
   */
  void check(JsonNode body) {
    for (String name : body.propertyNames()) {
      if (!types.containsKey(name)) {
        Set<String> known = new TreeSet<>(types.keySet());
        throw Problem.invalid(
            name.length() <= 40 && name.matches("[A-Za-z0-9_.-]+") ? name : "body",
            known.isEmpty()
                ? "is unknown; this call has no fields"
                : "is unknown; known here: " + String.join(", ", known));
      }
    }
  }

  /** The schema of the body. */
  ObjectNode schema() {
    ObjectNode schema = AdminJson.object().put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    types.forEach((name, type) -> properties.putObject(name).put("type", type));
    if (!required.isEmpty()) {
      ArrayNode names = schema.putArray("required");
      required.forEach(names::add);
    }
    return schema.put("additionalProperties", false);
  }
}
