package io.hadal.platform.limits;

import io.hadal.platform.db.Database;
import io.hadal.platform.lease.SettingVersion;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Limits in the database. */
final class LimitStore {
  static final String AREA = "limit";
  private static final String COLUMNS =
      "id, org_id, scope, scope_id, model, dimension, amount, burst, cache_permille, created_at,"
          + " created_by";

  private final Database database;

  LimitStore(Database database) {
    this.database = database;
  }

  long version() {
    return database.read(h -> SettingVersion.read(h, AREA));
  }

  List<Limit> all() {
    return database.read(
        h ->
            h.createQuery("SELECT " + COLUMNS + " FROM rate_limit ORDER BY id")
                .map((rs, ctx) -> limit(rs))
                .list());
  }

  /** Limits that keys have of their own. */
  List<Limit> ofKeys() {
    List<Limit> limits = new ArrayList<>();
    for (KeyLimits.Row row : database.read(KeyLimits::all)) {
      row.limits()
          .amounts()
          .forEach(
              (dimension, amount) ->
                  limits.add(
                      new Limit(
                          KeyLimits.PREFIX + row.key() + ":" + dimension.text(),
                          null,
                          LimitScope.KEY,
                          row.key(),
                          null,
                          dimension,
                          amount,
                          0,
                          0,
                          0,
                          row.key())));
    }
    return limits;
  }

  /** Gives what is counted in the database another amount, where it has not got it. */
  void resize(Limit limit) {
    database.run(h -> resize(h, limit));
  }

  private static void resize(Handle h, Limit limit) {
    h.createUpdate(
            "UPDATE lease_pool SET capacity = :amount"
                + " WHERE substr(pool, 1, :length) = :prefix AND capacity <> :amount")
        .bind("amount", limit.amount())
        .bind("length", RateLimits.poolPrefix(limit.id()).length())
        .bind("prefix", RateLimits.poolPrefix(limit.id()))
        .execute();
  }

  private static Limit limit(ResultSet rs) throws SQLException {
    return new Limit(
        rs.getString(1),
        rs.getString(2),
        LimitScope.valueOf(rs.getString(3)),
        rs.getString(4),
        rs.getString(5),
        Dimension.valueOf(rs.getString(6)),
        rs.getLong(7),
        rs.getLong(8),
        rs.getInt(9),
        rs.getLong(10),
        rs.getString(11));
  }

  void insert(Limit limit) {
    database.run(
        h -> {
          h.createUpdate(
                  "INSERT INTO rate_limit ("
                      + COLUMNS
                      + ") VALUES (:id, :org, :scope, :scopeId, :model, :dimension, :amount,"
                      + " :burst, :cache, :at, :by)")
              .bind("id", limit.id())
              .bind("org", limit.org())
              .bind("scope", limit.scope().name())
              .bind("scopeId", limit.scopeId())
              .bind("model", limit.model())
              .bind("dimension", limit.dimension().name())
              .bind("amount", limit.amount())
              .bind("burst", limit.burst())
              .bind("cache", limit.cachePermille())
              .bind("at", limit.createdAt())
              .bind("by", limit.createdBy())
              .execute();
          SettingVersion.bump(h, AREA);
        });
  }

  void update(Limit limit) {
    database.run(
        h -> {
          h.createUpdate(
                  "UPDATE rate_limit SET amount = :amount, burst = :burst, cache_permille = :cache"
                      + " WHERE id = :id")
              .bind("amount", limit.amount())
              .bind("burst", limit.burst())
              .bind("cache", limit.cachePermille())
              .bind("id", limit.id())
              .execute();
          // Pools of days and of requests at a time, of all subjects.
          resize(h, limit);
          SettingVersion.bump(h, AREA);
        });
  }

  void delete(String id) {
    database.run(
        h -> {
          h.createUpdate("DELETE FROM rate_limit WHERE id = :id").bind("id", id).execute();
          SettingVersion.bump(h, AREA);
        });
  }

  @Nullable Limit find(String id) {
    Optional<Limit> found =
        database.read(
            h ->
                h.createQuery("SELECT " + COLUMNS + " FROM rate_limit WHERE id = :id")
                    .bind("id", id)
                    .map((rs, ctx) -> limit(rs))
                    .findOne());
    return found.orElse(null);
  }

  /** Deletes rows of rates and days that say nothing any more. */
  void prune(long before) {
    database.run(
        h -> {
          h.createUpdate("DELETE FROM rate_pool WHERE updated_at < :before")
              .bind("before", before)
              .execute();
          h.createUpdate(
                  "DELETE FROM lease_share WHERE substr(pool, 1, 6) = 'limit:' AND EXISTS (SELECT 1"
                      + " FROM lease_pool p WHERE p.pool = lease_share.pool"
                      + " AND p.window_start = lease_share.window_start"
                      + " AND p.window_end < :before)")
              .bind("before", before)
              .execute();
          h.createUpdate(
                  "DELETE FROM lease_pool WHERE substr(pool, 1, 6) = 'limit:'"
                      + " AND window_end < :before")
              .bind("before", before)
              .execute();
          // Requests at a time have one window: what nobody holds or asks for says nothing.
          h.createUpdate(
                  "DELETE FROM lease_share WHERE substr(pool, 1, 6) = 'limit:'"
                      + " AND window_start = 0 AND renewed_at < :before")
              .bind("before", before)
              .execute();
          h.createUpdate(
                  "DELETE FROM lease_pool WHERE substr(pool, 1, 6) = 'limit:'"
                      + " AND window_start = 0 AND NOT EXISTS (SELECT 1 FROM lease_share s"
                      + " WHERE s.pool = lease_pool.pool AND s.window_start = 0)")
              .execute();
        });
  }
}
