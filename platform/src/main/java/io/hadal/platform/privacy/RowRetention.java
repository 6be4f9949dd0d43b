package io.hadal.platform.privacy;

import io.hadal.platform.tenancy.ProjectPolicy;
import java.util.function.ToIntFunction;
import org.jdbi.v3.core.Handle;

/** Records of which nothing is needed any more: their rows are deleted. */
public final class RowRetention implements RetentionTarget {
  private final String table;
  private final String due;
  private final ToIntFunction<ProjectPolicy> days;

  /**
   * @param due what of a table is due, by {@code :project} and {@code :before}
   */
  private RowRetention(String table, String due, ToIntFunction<ProjectPolicy> days) {
    this.table = table;
    this.due = due;
    this.days = days;
  }

  /** Jobs that make videos, once their cost is booked. */
  public static RetentionTarget jobs() {
    return new RowRetention(
        "media_job",
        "project_id = :project AND created_at < :before AND settled_at IS NOT NULL",
        ProjectPolicy::jobDays);
  }

  /** Alerts about budgets of single end users. */
  public static RetentionTarget endUserAlerts() {
    return new RowRetention(
        "budget_alert",
        "substr(subject, 1, length(:project) + 1) = :project || '/' AND raised_at < :before",
        ProjectPolicy::retentionDays);
  }

  @Override
  public String name() {
    return table;
  }

  @Override
  public int days(ProjectPolicy policy) {
    return days.applyAsInt(policy);
  }

  @Override
  public long remaining(Handle handle, String project, long before) {
    return handle
        .createQuery("SELECT count(*) FROM " + table + " WHERE " + due)
        .bind("project", project)
        .bind("before", before)
        .mapTo(Long.class)
        .one();
  }

  @Override
  public int erase(Handle handle, String project, long before, int most) {
    return handle
        .createUpdate(
            "DELETE FROM "
                + table
                + " WHERE id IN (SELECT id FROM "
                + table
                + " WHERE "
                + due
                + " LIMIT :most)")
        .bind("project", project)
        .bind("before", before)
        .bind("most", most)
        .execute();
  }
}
