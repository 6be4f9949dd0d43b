package io.hadal.platform.budget;

import io.hadal.platform.limits.LimitScope;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Costs of requests in the table of usage events. */
public final class UsageEvents implements SettledSource {
  @Override
  public long settled(
      Handle handle, LimitScope scope, String subject, long from, long to, @Nullable String node) {
    return settled(handle, scope, subject, from, to, node, "");
  }

  @Override
  public long settledAhead(
      Handle handle, String project, long from, long to, @Nullable String node) {
    String held = " AND hold_id NOT LIKE '%" + Prepaid.AFTERWARDS + "'";
    return settled(handle, LimitScope.PROJECT, project, from, to, node, held);
  }

  private static long settled(
      Handle handle,
      LimitScope scope,
      String subject,
      long from,
      long to,
      @Nullable String node,
      String which) {
    String where =
        switch (scope) {
          case END_USER -> "project_id = :project AND end_user = :id";
          case KEY -> "key_id = :id";
          case PROJECT -> "project_id = :id";
          case TEAM -> "team_id = :id";
          case ORG -> "org_id = :id";
        };
    // A request ends behind its start: the index on ends narrows the search.
    Query query =
        handle
            .createQuery(
                "SELECT coalesce(sum(cost_nano), 0) FROM usage_event WHERE "
                    + where
                    + " AND end_at >= :from AND start_at >= :from AND start_at < :to"
                    + (node == null ? "" : " AND substr(hold_id, 1, :length) = :node")
                    + which)
            .bind("from", from)
            .bind("to", to);
    if (scope == LimitScope.END_USER) {
      int slash = subject.indexOf('/');
      query.bind("project", subject.substring(0, slash)).bind("id", subject.substring(slash + 1));
    } else {
      query.bind("id", subject);
    }
    if (node != null) {
      query.bind("length", node.length() + 1).bind("node", node + ":");
    }
    return query.mapTo(Long.class).one();
  }
}
