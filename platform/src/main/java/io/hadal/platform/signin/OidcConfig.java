package io.hadal.platform.signin;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import io.hadal.platform.secrets.Secrets;
import io.hadal.platform.signin.OidcOptions.GroupGrant;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Role;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The section {@code oidc} of a configuration file. */
public final class OidcConfig {
  private static final Set<String> FIELDS =
      Set.of("issuer", "client_id", "client_secret", "redirect", "scopes", "group_claim", "groups");

  private static final Set<String> GROUP_FIELDS = Set.of("group", "role", "scope_type", "scope_id");
  private static final int MOST_GROUPS = 1000;

  private OidcConfig() {}

  /**
   * Reads the section.
   *
   * @param org organisation of people, and where roles hold that name no place; null for the first
   *     one there is, see {@link OidcOptions#in}
   * @param environment for the client secret
   * @throws FormatException when a field is missing, unknown or unusable
   */
  public static OidcOptions read(
      JsonNode json, @Nullable String org, Map<String, String> environment) {
    known(json, FIELDS, "oidc");
    String secret = text(json, "oidc", "client_secret");
    String claim = text(json, "oidc", "group_claim");
    List<GroupGrant> groups = new ArrayList<>();
    JsonNode list = json.get("groups");
    if (list != null && (!list.isArray() || list.size() > MOST_GROUPS)) {
      throw new FormatException("oidc.groups", "must be a list of at most " + MOST_GROUPS);
    }
    if (list != null) {
      for (JsonNode item : list) {
        groups.add(group(item, "oidc.groups[" + groups.size() + "]", org));
      }
    }
    return new OidcOptions(
        address(json, "issuer"),
        required(json, "oidc", "client_id"),
        secret == null ? null : secret(secret, environment),
        address(json, "redirect"),
        scopes(json),
        claim == null ? "groups" : claim,
        groups,
        org == null ? OidcOptions.FIRST_ORG : org);
  }

  private static GroupGrant group(JsonNode item, String at, @Nullable String org) {
    known(item, GROUP_FIELDS, at);
    Role role = Principals.role(required(item, at, "role"));
    String type = text(item, at, "scope_type");
    String id = text(item, at, "scope_id");
    String scope = type == null ? "org" : type;
    if (!Set.of("org", "team", "project", "all").contains(scope)) {
      throw new FormatException(at + ".scope_type", "must be org, team, project or all");
    }
    if (id == null && !scope.equals("org") && !scope.equals("all")) {
      throw new FormatException(at + ".scope_id", "is required for a " + scope);
    }
    String own = org == null ? OidcOptions.FIRST_ORG : org;
    String where = id != null ? id : scope.equals("all") ? "*" : own;
    return new GroupGrant(required(item, at, "group"), new Actor.Grant(role, scope, where));
  }

  private static List<String> scopes(JsonNode json) {
    JsonNode list = json.get("scopes");
    if (list == null) {
      return List.of("profile", "email");
    }
    List<String> scopes = new ArrayList<>();
    for (JsonNode item : list) {
      if (!item.isString() || !item.stringValue().matches("[!#-\\[\\]-~]{1,200}")) {
        throw new FormatException("oidc.scopes", "must be a list of scopes");
      }
      scopes.add(item.stringValue());
    }
    return scopes;
  }

  private static SecretText secret(String reference, Map<String, String> environment) {
    try {
      return Secrets.read(reference, Path.of(""), environment);
    } catch (FormatException e) {
      throw new FormatException("oidc.client_secret", e.getMessage() + "", e);
    }
  }

  private static URI address(JsonNode json, String name) {
    try {
      return URI.create(required(json, "oidc", name));
    } catch (IllegalArgumentException e) {
      throw new FormatException("oidc." + name, "is no address");
    }
  }

  private static String required(JsonNode json, String at, String name) {
    String value = text(json, at, name);
    if (value == null || value.isBlank()) {
      throw new FormatException(at + "." + name, "is required");
    }
    return value;
  }

  private static @Nullable String text(JsonNode json, String at, String name) {
    JsonNode value = json.get(name);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isString()) {
      throw new FormatException(at + "." + name, "must be text");
    }
    return value.stringValue();
  }

  private static void known(JsonNode json, Set<String> fields, String at) {
    if (!json.isObject()) {
      throw new FormatException(at, "must be an object");
    }
    for (String name : json.propertyNames()) {
      if (!fields.contains(name)) {
        throw new FormatException(at + "." + name, "is unknown");
      }
    }
  }
}
