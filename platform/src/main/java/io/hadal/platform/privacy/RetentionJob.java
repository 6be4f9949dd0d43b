package io.hadal.platform.privacy;

import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.db.Database;
import io.hadal.platform.tenancy.ProjectPolicy;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Erases what is older than projects keep it. For each project an event says how many records of
 * each kind were due, how many were erased, and how many are left, which must be none.
 */
public final class RetentionJob {
  private static final int BATCH = 1000;
  private static final int PAGE = 200;

  private final Database database;
  private final Projects projects;
  private final AuditLog audit;
  private final List<RetentionTarget> targets;
  private final int auditDays;
  private final Clock clock;

  /** A project, and what says how long it keeps records of each kind. */
  public record Kept(String id, String org, ProjectPolicy policy) {}

  /** All projects with what their policies say, inside the bounds of their organisations. */
  @FunctionalInterface
  public interface Projects {
    /**
     * Projects behind one of them, in an order that does not change.
     *
     * @param after id of the last one seen; null for none
     */
    List<Kept> behind(@Nullable String after, int limit);
  }

  /**
   * A job over targets.
   *
   * @param auditDays days that names and addresses stay in the audit log; 0 for ever
   */
  public RetentionJob(
      Database database,
      Projects projects,
      AuditLog audit,
      List<RetentionTarget> targets,
      int auditDays,
      Clock clock) {
    this.database = database;
    this.projects = projects;
    this.audit = audit;
    this.targets = List.copyOf(targets);
    this.auditDays = auditDays;
    this.clock = clock;
  }

  /**
   * Erases what is due in all projects and in the audit log.
   *
   * @return how many records and values were erased
   */
  public long run() {
    long erased = 0;
    if (auditDays > 0) {
      long before = clock.millis() - Duration.ofDays(auditDays).toMillis();
      for (String chain : audit.chains()) {
        erased += eraseAuditValues(chain, before);
      }
    }
    String after = null;
    while (true) {
      List<Kept> page = projects.behind(after, PAGE);
      for (Kept project : page) {
        erased += erase(project);
        after = project.id();
      }
      if (page.size() < PAGE) {
        return erased;
      }
    }
  }

  private long erase(Kept project) {
    ObjectNode proof = JsonNodeFactory.instance.objectNode();
    long total = 0;
    for (RetentionTarget target : targets) {
      int days = target.days(project.policy());
      if (days == 0) {
        continue;
      }
      long before = clock.millis() - Duration.ofDays(days).toMillis();
      long due = database.read(handle -> target.remaining(handle, project.id(), before));
      if (due == 0) {
        continue;
      }
      long erased = 0;
      int batch = BATCH;
      while (batch == BATCH) {
        batch = database.write(handle -> target.erase(handle, project.id(), before, BATCH));
        erased += batch;
      }
      long left = database.read(handle -> target.remaining(handle, project.id(), before));
      proof
          .putObject(target.name())
          .put("before", before)
          .put("due", due)
          .put("erased", erased)
          .put("left", left);
      total += erased;
    }
    if (!proof.isEmpty()) {
      audit.append(
          AuditEntry.system(project.org(), "retention.erase", "project:" + project.id(), proof));
    }
    return total;
  }

  private int eraseAuditValues(String chain, long before) {
    return database.write(handle -> eraseAuditValues(handle, chain, before));
  }

  private int eraseAuditValues(Handle handle, String chain, long before) {
    long due = audit.personalValues(handle, chain, before);
    int erased = audit.erasePersonalValues(handle, chain, before);
    if (due > 0) {
      ObjectNode proof = JsonNodeFactory.instance.objectNode();
      proof.put("before", before);
      proof
          .putObject("audit")
          .put("due", due)
          .put("erased", erased)
          .put("left", audit.personalValues(handle, chain, before));
      audit.append(
          handle,
          AuditEntry.system(
              chain.equals(AuditLog.SYSTEM) ? null : chain, "retention.erase", "audit", proof));
    }
    return erased;
  }
}
