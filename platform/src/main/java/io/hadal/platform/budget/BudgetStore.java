package io.hadal.platform.budget;

import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.lease.SettingVersion;
import io.hadal.platform.lease.Window;
import io.hadal.platform.limits.KeyLimits;
import io.hadal.platform.limits.LimitScope;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;

/** Budgets, their alerts and prepaid balances in the database. */
final class BudgetStore {
  static final String AREA = "budget";
  private static final String COLUMNS =
      "id, org_id, scope, scope_id, name, window_kind, zone, limit_nano, soft_percents, action,"
          + " downgrade_to, carry_over, created_at, created_by";

  private final Database database;

  BudgetStore(Database database) {
    this.database = database;
  }

  long version() {
    return database.read(h -> SettingVersion.read(h, AREA));
  }

  List<Budget> all() {
    return database.read(
        h ->
            h.createQuery("SELECT " + COLUMNS + " FROM budget ORDER BY id")
                .map((rs, ctx) -> budget(rs))
                .list());
  }

  /** Budgets that keys have of their own. */
  List<Budget> ofKeys() {
    List<Budget> budgets = new ArrayList<>();
    for (KeyLimits.Row row : database.read(KeyLimits::all)) {
      if (row.limits().budget() > 0) {
        budgets.add(
            new Budget(
                KeyLimits.PREFIX + row.key() + ":" + row.limits().window().text(),
                null,
                LimitScope.KEY,
                row.key(),
                "own",
                row.limits().window(),
                ZoneOffset.UTC,
                row.limits().budget(),
                List.of(),
                BudgetAction.BLOCK,
                null,
                false,
                0,
                row.key()));
      }
    }
    return budgets;
  }

  /** Gives the windows that go on another limit, where they have not got it. */
  void resize(Budget budget, long now) {
    database.run(h -> resize(h, budget, now));
  }

  private static void resize(Handle h, Budget budget, long now) {
    h.createUpdate(
            "UPDATE lease_pool SET capacity = :limit WHERE substr(pool, 1, :length) = :prefix"
                + " AND window_end > :now AND capacity <> :limit")
        .bind("limit", budget.limit())
        .bind("length", budget.prefix().length())
        .bind("prefix", budget.prefix())
        .bind("now", now)
        .execute();
  }

  @Nullable Budget find(String id) {
    Optional<Budget> found =
        database.read(
            h ->
                h.createQuery("SELECT " + COLUMNS + " FROM budget WHERE id = :id")
                    .bind("id", id)
                    .map((rs, ctx) -> budget(rs))
                    .findOne());
    return found.orElse(null);
  }

  private static Budget budget(ResultSet rs) throws SQLException {
    String percents = rs.getString(9);
    return new Budget(
        rs.getString(1),
        rs.getString(2),
        LimitScope.valueOf(rs.getString(3)),
        rs.getString(4),
        rs.getString(5),
        Window.valueOf(rs.getString(6)),
        ZoneId.of(rs.getString(7)),
        rs.getLong(8),
        percents.isEmpty()
            ? List.of()
            : Arrays.stream(percents.split(",", -1)).map(Integer::valueOf).toList(),
        BudgetAction.valueOf(rs.getString(10)),
        rs.getString(11),
        rs.getInt(12) != 0,
        rs.getLong(13),
        rs.getString(14));
  }

  void insert(Budget budget) {
    database.run(
        h -> {
          changeable(
                  h.createUpdate(
                          "INSERT INTO budget ("
                              + COLUMNS
                              + ") VALUES (:id, :org, :scope, :scopeId, :name, :window, :zone,"
                              + " :limit, :percents, :action, :to, :carry, :at, :by)")
                      .bind("org", budget.org())
                      .bind("scope", budget.scope().name())
                      .bind("scopeId", budget.scopeId())
                      .bind("window", budget.window().name())
                      .bind("zone", budget.zone().getId())
                      .bind("carry", budget.carryOver() ? 1 : 0)
                      .bind("at", budget.createdAt())
                      .bind("by", budget.createdBy()),
                  budget)
              .execute();
          SettingVersion.bump(h, AREA);
        });
  }

  private static <T extends SqlStatement<T>> T changeable(T statement, Budget budget) {
    return statement
        .bind("id", budget.id())
        .bind("name", budget.name())
        .bind("limit", budget.limit())
        .bind(
            "percents",
            budget.softPercents().stream().map(String::valueOf).collect(Collectors.joining(",")))
        .bind("action", budget.action().name())
        .bind("to", budget.downgradeTo());
  }

  /** Changes all but whom and which window a budget is for. */
  void update(Budget budget, long now) {
    database.run(
        h -> {
          changeable(
                  h.createUpdate(
                      "UPDATE budget SET name = :name, limit_nano = :limit, soft_percents ="
                          + " :percents, action = :action, downgrade_to = :to WHERE id = :id"),
                  budget)
              .execute();
          resize(h, budget, now);
          SettingVersion.bump(h, AREA);
        });
  }

  void delete(String id) {
    database.run(
        h -> {
          h.createUpdate("DELETE FROM budget WHERE id = :id").bind("id", id).execute();
          SettingVersion.bump(h, AREA);
        });
  }

  /**
   * Notes an alert.
   *
   * @param listener is told when it was not raised before
   */
  void raise(BudgetAlert alert, BudgetAlert.Listener listener) {
    database.run(
        h -> {
          if (note(h, alert)) {
            listener.raised(h, alert);
          }
        });
  }

  private static boolean note(Handle h, BudgetAlert alert) {
    return h.createUpdate(
                "INSERT INTO budget_alert (id, budget_id, subject, window_start, percent,"
                    + " settled_nano, limit_nano, raised_at) VALUES (:id, :budget,"
                    + " :subject, :start, :percent, :settled, :limit, :at) ON CONFLICT DO"
                    + " NOTHING")
            .bind("id", alert.id())
            .bind("budget", alert.budget())
            .bind("subject", alert.subject())
            .bind("start", alert.windowStart())
            .bind("percent", alert.percent())
            .bind("settled", alert.settled())
            .bind("limit", alert.limit())
            .bind("at", alert.raisedAt())
            .execute()
        == 1;
  }

  /** The newest alerts of budgets of an organisation, or of all. */
  List<BudgetAlert> alerts(@Nullable String org, int most) {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT a.id, a.budget_id, b.name, b.org_id, b.scope, a.subject,"
                        + " a.window_start, coalesce(p.window_end, 0), a.percent, a.settled_nano,"
                        + " a.limit_nano, a.raised_at FROM budget_alert a JOIN budget b ON b.id ="
                        + " a.budget_id LEFT JOIN lease_pool p ON p.window_start = a.window_start"
                        + " AND p.pool = '"
                        + Budgets.PREFIX
                        + "' || a.budget_id || '/' || a.subject"
                        + (org == null ? "" : " WHERE b.org_id = :org")
                        + " ORDER BY a.raised_at DESC, a.id LIMIT :most")
                .bind("most", most)
                .bindMap(org == null ? Map.of() : Map.of("org", org))
                .map(
                    (rs, ctx) ->
                        new BudgetAlert(
                            rs.getString(1),
                            rs.getString(2),
                            rs.getString(3),
                            rs.getString(4),
                            LimitScope.valueOf(rs.getString(5)),
                            rs.getString(6),
                            rs.getLong(7),
                            rs.getLong(8),
                            rs.getInt(9),
                            rs.getLong(10),
                            rs.getLong(11),
                            rs.getLong(12)))
                .list());
  }

  /** Pools whose names begin so and whose windows hold a moment. */
  List<BudgetState> states(String prefix, boolean whole, long now, int most) {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT p.pool, p.window_start, p.window_end, p.capacity, p.carry,"
                        + " p.baseline + coalesce(sum(s.settled), 0), coalesce(sum(s.held), 0),"
                        + " coalesce(sum(s.authority - s.settled - s.held), 0)"
                        + " FROM lease_pool p LEFT JOIN lease_share s ON s.pool = p.pool"
                        + " AND s.window_start = p.window_start WHERE "
                        + (whole
                            ? "p.pool = :prefix"
                            : "substr(p.pool, 1, " + prefix.length() + ") = :prefix")
                        + " AND p.window_end > :now GROUP BY p.pool, p.window_start, p.window_end,"
                        + " p.capacity, p.carry, p.baseline ORDER BY p.pool LIMIT :most")
                .bind("prefix", prefix)
                .bind("now", now)
                .bind("most", most)
                .map(
                    (rs, ctx) ->
                        new BudgetState(
                            rs.getString(1).substring(rs.getString(1).indexOf('/') + 1),
                            rs.getLong(2),
                            rs.getLong(3),
                            rs.getLong(4) + rs.getLong(5),
                            rs.getLong(5),
                            rs.getLong(6),
                            rs.getLong(7),
                            rs.getLong(8)))
                .list());
  }

  /** Projects with a prepaid balance. */
  Set<String> prepaid() {
    return database.read(
        h ->
            new HashSet<>(
                h.createQuery("SELECT DISTINCT project_id FROM prepaid_credit")
                    .mapTo(String.class)
                    .list()));
  }

  /** Whether a project has ever been credited. */
  static boolean paysAhead(Handle h, String project) {
    return h.createQuery("SELECT 1 FROM prepaid_credit WHERE project_id = :project LIMIT 1")
        .bind("project", project)
        .mapTo(Integer.class)
        .findFirst()
        .isPresent();
  }

  /** Adds to a balance, once for a reference; the first one meets what there was before. */
  static boolean credit(Handle h, String project, long amount, long before, String ref, long now) {
    int rows =
        h.createUpdate(
                "INSERT INTO prepaid_credit (ref, project_id, amount_nano, created_at)"
                    + " VALUES (:ref, :project, :amount, :now) ON CONFLICT DO NOTHING")
            .bind("ref", ref)
            .bind("project", project)
            .bind("amount", amount)
            .bind("now", now)
            .execute();
    if (rows == 0) {
      return false;
    }
    h.createUpdate(
            "INSERT INTO lease_pool (pool, window_start, window_end, capacity, carry, baseline,"
                + " counted_from, committed) VALUES (:pool, 0, :end, :amount + :given, 0, :owed,"
                + " :now, :owed) ON CONFLICT (pool, window_start) DO UPDATE SET capacity ="
                + " lease_pool.capacity + :amount")
        .bind("pool", Budgets.balance(project))
        .bind("end", Long.MAX_VALUE)
        .bind("amount", amount)
        .bind("given", Math.max(0, before))
        .bind("owed", Math.max(0, -before))
        .bind("now", now)
        .execute();
    SettingVersion.bump(h, AREA);
    return true;
  }

  /** Takes from a balance, if there is one, what nobody held of it. */
  static void spent(Handle h, String project, long cost) {
    h.createUpdate(
            "UPDATE lease_pool SET baseline = baseline + :cost, committed = committed + :cost"
                + " WHERE pool = :pool AND window_start = 0")
        .bind("cost", cost)
        .bind("pool", Budgets.balance(project))
        .execute();
  }

  /** Deletes windows of each subject of a budget that ended before a moment. */
  void prune(Budget budget, long before) {
    deletePools(budget.prefix(), " AND window_end < :before", Map.of("before", before));
  }

  /** Deletes windows of budgets that are gone. */
  void pruneGone(Set<String> there) {
    String slash = database.kind() == DatabaseKind.SQLITE ? "instr" : "strpos";
    int at = Budgets.PREFIX.length() + 1;
    List<String> found =
        database.read(
            h ->
                h.createQuery(
                        "SELECT DISTINCT substr(pool, :at, "
                            + slash
                            + "(pool, '/') - :at) FROM lease_pool"
                            + " WHERE substr(pool, 1, :at - 1) = :prefix"
                            + " AND substr(pool, :at, 1) <> '@'")
                    .bind("at", at)
                    .bind("prefix", Budgets.PREFIX)
                    .mapTo(String.class)
                    .list());
    for (String id : found) {
      if (!there.contains(id)) {
        // Another node may have set it a moment ago.
        deletePools(
            Budgets.PREFIX + id + "/",
            " AND NOT EXISTS (SELECT 1 FROM budget WHERE id = :id)",
            Map.of("id", id));
      }
    }
  }

  private void deletePools(String prefix, String which, Map<String, ?> values) {
    database.run(
        h -> {
          String pools =
              " FROM lease_pool WHERE substr(pool, 1, " + prefix.length() + ") = :prefix" + which;
          h.createUpdate(
                  "DELETE FROM lease_share WHERE substr(pool, 1, "
                      + prefix.length()
                      + ") = :prefix AND window_start IN (SELECT window_start"
                      + pools
                      + " AND lease_pool.pool = lease_share.pool)")
              .bind("prefix", prefix)
              .bindMap(values)
              .execute();
          h.createUpdate("DELETE" + pools).bind("prefix", prefix).bindMap(values).execute();
        });
  }

  /** Deletes windows that ended before a moment. */
  void prune(long before) {
    database.run(
        h -> {
          h.createUpdate(
                  "DELETE FROM lease_share WHERE substr(pool, 1, 7) = '"
                      + Budgets.PREFIX
                      + "' AND EXISTS (SELECT 1 FROM lease_pool p WHERE p.pool = lease_share.pool"
                      + " AND p.window_start = lease_share.window_start AND p.window_end <"
                      + " :before)")
              .bind("before", before)
              .execute();
          h.createUpdate(
                  "DELETE FROM lease_pool WHERE substr(pool, 1, 7) = '"
                      + Budgets.PREFIX
                      + "' AND window_end < :before")
              .bind("before", before)
              .execute();
          h.createUpdate("DELETE FROM budget_alert WHERE raised_at < :before")
              .bind("before", before)
              .execute();
        });
  }
}
