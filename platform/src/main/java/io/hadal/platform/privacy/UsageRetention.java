package io.hadal.platform.privacy;

import io.hadal.platform.tenancy.ProjectPolicy;
import org.jdbi.v3.core.Handle;

/**
 * Usage events: end users and sessions are erased, the rest belongs to the books and stays. Both
 * are hashes already, but they tie events to a person.
 */
public final class UsageRetention implements RetentionTarget {
  private static final String DUE =
      " FROM usage_event WHERE project_id = ? AND end_at < ?"
          + " AND (end_user IS NOT NULL OR session IS NOT NULL)";

  @Override
  public String name() {
    return "usage_event";
  }

  @Override
  public int days(ProjectPolicy policy) {
    return policy.retentionDays();
  }

  @Override
  public long remaining(Handle handle, String project, long before) {
    return handle
        .createQuery("SELECT count(*)" + DUE)
        .bind(0, project)
        .bind(1, before)
        .mapTo(Long.class)
        .one();
  }

  @Override
  public int erase(Handle handle, String project, long before, int most) {
    return handle.execute(
        "UPDATE usage_event SET end_user = NULL, session = NULL WHERE seq IN (SELECT seq"
            + DUE
            + " ORDER BY end_at LIMIT ?)",
        project,
        before,
        most);
  }
}
