package io.hadal.platform.registry;

import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Rows of the registry as values. */
final class Rows {
  private Rows() {}

  static ModelVersion version(ResultSet rs) throws SQLException {
    String id = rs.getString("id");
    String text = rs.getString("manifest");
    JsonNode json = Json.parse(text.getBytes(StandardCharsets.UTF_8), id);
    return new ModelVersion(
        id,
        new Manifest(
            text,
            rs.getString("manifest_sha256"),
            rs.getString("fingerprint"),
            rs.getString("kind"),
            rs.getString("family"),
            Manifest.backends(json),
            Manifest.upstreamModel(json)),
        Lifecycle.of(rs.getString("lifecycle")),
        Instant.ofEpochMilli(rs.getLong("created_at")),
        rs.getString("created_by"),
        instant(rs, "activated_at"),
        instant(rs, "deprecated_at"),
        instant(rs, "retires_at"),
        rs.getString("successor"));
  }

  static AliasChange alias(ResultSet rs) throws SQLException {
    return new AliasChange(
        rs.getString("org_id"),
        rs.getString("name"),
        rs.getLong("seq"),
        AliasChange.Kind.valueOf(rs.getString("target_kind").toUpperCase(Locale.ROOT)),
        rs.getString("target"),
        Instant.ofEpochMilli(rs.getLong("valid_from")),
        rs.getString("changed_by"),
        rs.getString("reason"));
  }

  /** The last change of every name. */
  static List<AliasChange> currentAliases(Handle handle) {
    return handle
        .createQuery(
            "SELECT a.* FROM alias_change a JOIN (SELECT org_id, name, max(seq) AS seq FROM"
                + " alias_change GROUP BY org_id, name) l ON a.org_id = l.org_id AND a.name ="
                + " l.name AND a.seq = l.seq ORDER BY a.org_id, a.name")
        .map((rs, c) -> alias(rs))
        .list();
  }

  /** A moment; null for none. */
  static @Nullable Instant instant(ResultSet rs, String column) throws SQLException {
    long millis = rs.getLong(column);
    return rs.wasNull() ? null : Instant.ofEpochMilli(millis);
  }
}
