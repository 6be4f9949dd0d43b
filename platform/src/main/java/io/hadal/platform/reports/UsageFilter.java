package io.hadal.platform.reports;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.DatabaseKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.statement.Query;

/**
 * Which attempts a report is about.
 *
 * @param from those that ended then or later, milliseconds since 1970
 * @param to those that ended before
 * @param scope whose may be seen
 * @param values values that dimensions must have; empty text for none
 */
public record UsageFilter(long from, long to, UsageScope scope, Map<Dimension, String> values) {
  private static final int MOST_VALUES = 20;

  /** Everything. */
  public static final UsageFilter ALL =
      new UsageFilter(0, Long.MAX_VALUE, UsageScope.ALL, Map.of());

  public UsageFilter {
    values = Map.copyOf(values);
    if (values.size() > MOST_VALUES) {
      throw new FormatException("filter", "must have at most " + MOST_VALUES + " conditions");
    }
  }

  /** This one, with one more value. */
  public UsageFilter with(Dimension dimension, String value) {
    Map<Dimension, String> more = new LinkedHashMap<>(values);
    more.put(dimension, value);
    return new UsageFilter(from, to, scope, more);
  }

  /** A condition with its parameters. */
  record Condition(String sql, Map<String, Object> parameters, Map<String, List<String>> lists) {
    Query bind(Query query) {
      parameters.forEach(query::bind);
      lists.forEach(query::bindList);
      return query;
    }
  }

  Condition condition(DatabaseKind kind) {
    Map<String, Object> parameters = new LinkedHashMap<>();
    Map<String, List<String>> lists = new LinkedHashMap<>();
    StringBuilder sql = new StringBuilder("end_at >= :from AND end_at < :to");
    parameters.put("from", from);
    parameters.put("to", to);
    int number = 0;
    for (Map.Entry<Dimension, String> value : values.entrySet()) {
      Dimension dimension = value.getKey();
      String tag = "ftag" + number;
      String text = "fvalue" + number++;
      String left = dimension.sql(kind, tag);
      if (dimension.tag() != null) {
        parameters.put(tag, dimension.bound(kind));
      } else if (dimension.column().matches("[a-z_]+")
          && !value.getValue().isEmpty()
          && !dimension.equals(Dimension.ESTIMATED)) {
        // So that an index can be used.
        left = dimension.column();
      }
      sql.append(" AND ").append(left).append(" = :").append(text);
      parameters.put(text, dimension.asked(value.getValue()));
    }
    if (!scope.all()) {
      List<String> any = new ArrayList<>();
      add(any, lists, "org_id", "orgs", scope.orgs());
      add(any, lists, "team_id", "teams", scope.teams());
      add(any, lists, "project_id", "projects", scope.projects());
      sql.append(any.isEmpty() ? " AND 1 = 0" : " AND (" + String.join(" OR ", any) + ")");
    }
    return new Condition(sql.toString(), parameters, lists);
  }

  private static void add(
      List<String> any,
      Map<String, List<String>> lists,
      String column,
      String name,
      Set<String> ids) {
    if (!ids.isEmpty()) {
      any.add(column + " IN (<" + name + ">)");
      lists.put(name, List.copyOf(ids));
    }
  }
}
