package io.hadal.platform.privacy;

import io.hadal.platform.tenancy.ProjectPolicy;
import org.jdbi.v3.core.Handle;

/**
 * Records with personal data that do not stay for ever. Erasing is deleting rows, or emptying their
 * personal fields and tags where the rest is needed, as in the ledger.
 */
public interface RetentionTarget {
  /** Name for the audit log, such as {@code usage_event}. */
  String name();

  /** How many days a project keeps them; 0 for ever. */
  int days(ProjectPolicy policy);

  /** How many records of a project before a moment still hold personal data. */
  long remaining(Handle handle, String project, long before);

  /**
   * Erases personal data of some records of a project before a moment, oldest first.
   *
   * @param most most records in this transaction
   * @return how many were erased; fewer than {@code most} when none is left
   */
  int erase(Handle handle, String project, long before, int most);
}
