package io.hadal.platform.keys;

import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.tenancy.Tenants;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Rows of keys, with what decides about them. */
final class KeyRows {
  private static final String KEYS =
      """
      SELECT k.id, k.kid, k.env, k.project_id, k.principal_id, k.name, k.last4, k.secret_mac,
        k.pepper, k.previous_mac, k.previous_pepper, k.previous_until, k.scopes, k.models,
        k.addresses, k.limits, k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
        p.org_id, p.team_id, p.slug, p.policy, p.status AS project_status, o.status AS org_status,
        r.status AS principal_status, ob.policy AS org_policy, tb.policy AS team_policy,
        tb.archived_at AS team_archived_at
      FROM api_key k
      JOIN project p ON p.id = k.project_id
      JOIN org o ON o.id = p.org_id
      LEFT JOIN principal r ON r.id = k.principal_id
      LEFT JOIN tenant_bound ob ON ob.scope_type = 'org' AND ob.scope_id = p.org_id
      LEFT JOIN tenant_bound tb ON tb.scope_type = 'team' AND tb.scope_id = p.team_id
      """;

  private KeyRows() {}

  /**
   * A row.
   *
   * @param mac hex of the secret's MAC
   * @param pepper generation it was made with
   * @param previousMac that of the secret before the last rotation; null without
   * @param slug name of its project in requests
   * @param closed what above the key has been archived; null for nothing
   */
  record Row(
      ApiKey key,
      String mac,
      int pepper,
      @Nullable String previousMac,
      int previousPepper,
      ProjectPolicy policy,
      String slug,
      @Nullable String closed,
      List<AddressRange> ranges) {}

  static @Nullable Row byKid(Handle h, String kid) {
    return h.createQuery(KEYS + " WHERE k.kid = :kid")
        .bind("kid", kid)
        .map((rs, c) -> row(rs))
        .findOne()
        .orElse(null);
  }

  static @Nullable Row byId(Handle h, String id) {
    return h.createQuery(KEYS + " WHERE k.id = :id")
        .bind("id", id)
        .map((rs, c) -> row(rs))
        .findOne()
        .orElse(null);
  }

  static List<ApiKey> list(Handle h, KeyFilter filter, @Nullable String after, int limit) {
    return h.createQuery(
            KEYS
                + """
                 WHERE (:all = 1 OR p.org_id IN (<orgs>) OR p.team_id IN (<teams>)
                   OR p.id IN (<projects>) OR k.principal_id = :own)
                 AND (:org = '' OR p.org_id = :org)
                 AND (:project = '' OR p.id = :project)
                 AND (:after = '' OR (k.created_at, k.id) >
                   (SELECT x.created_at, x.id FROM api_key x WHERE x.id = :after))
                 ORDER BY k.created_at, k.id LIMIT :limit
                """)
        .bind("all", filter.visible().all() ? 1 : 0)
        .bindList("orgs", KeyFilter.some(filter.visible().orgs()))
        .bindList("teams", KeyFilter.some(filter.visible().teams()))
        .bindList("projects", KeyFilter.some(filter.visible().projects()))
        .bind("own", text(filter.owner()))
        .bind("org", text(filter.org()))
        .bind("project", text(filter.project()))
        .bind("after", text(after))
        .bind("limit", limit)
        .map((rs, c) -> row(rs).key())
        .list();
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
  }

  private static Row row(ResultSet rs) throws SQLException {
    List<String> addresses = words(rs.getString("addresses"));
    String previousMac = rs.getString("previous_mac");
    ApiKey key =
        new ApiKey(
            rs.getString("id"),
            rs.getString("kid"),
            rs.getString("env").equals("t"),
            rs.getString("org_id"),
            rs.getString("team_id"),
            rs.getString("project_id"),
            rs.getString("principal_id"),
            rs.getString("name"),
            rs.getString("last4"),
            KeyTerms.scopes(words(rs.getString("scopes"))),
            words(rs.getString("models")),
            addresses,
            rs.getString("limits"),
            rs.getLong("created_at"),
            previousMac == null ? null : time(rs, "previous_until"),
            time(rs, "expires_at"),
            time(rs, "revoked_at"),
            time(rs, "last_used_at"));
    return new Row(
        key,
        rs.getString("secret_mac"),
        rs.getInt("pepper"),
        previousMac,
        rs.getInt("previous_pepper"),
        Tenants.policy(
            rs.getString("policy"), rs.getString("org_policy"), rs.getString("team_policy")),
        rs.getString("slug"),
        closed(rs),
        addresses.stream().map(AddressRange::parse).toList());
  }

  private static @Nullable String closed(ResultSet rs) throws SQLException {
    if (!rs.getString("org_status").equals("active")) {
      return "organisation";
    }
    if (rs.getLong("team_archived_at") > 0) {
      return "team";
    }
    if (!rs.getString("project_status").equals("active")) {
      return "project";
    }
    String principal = rs.getString("principal_status");
    return principal == null || principal.equals("active") ? null : "owner";
  }

  private static @Nullable Long time(ResultSet rs, String column) throws SQLException {
    long value = rs.getLong(column);
    return rs.wasNull() ? null : value;
  }

  /** Lists are kept as words: none of their entries has a space. */
  static List<String> words(String text) {
    return text.isBlank() ? List.of() : List.of(text.strip().split(" "));
  }
}
