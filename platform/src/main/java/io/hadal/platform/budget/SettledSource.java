package io.hadal.platform.budget;

import io.hadal.platform.limits.LimitScope;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** What requests cost, as durable records say; budgets are recovered from it. */
@FunctionalInterface
public interface SettledSource {
  /** There are no records. */
  SettledSource NONE = (handle, scope, subject, from, to, node) -> 0;

  /**
   * The sum of the costs of requests that began in a time, nano-USD.
   *
   * @param subject id of the scope; {@code PROJECT/HASH} for an end user
   * @param from first millisecond
   * @param to first millisecond after it
   * @param node only requests of this node, whose holds have ids that begin with its name and a
   *     colon; null for all
   */
  long settled(
      Handle handle, LimitScope scope, String subject, long from, long to, @Nullable String node);

  /** The same of those requests of a project whose money was held from its balance. */
  default long settledAhead(
      Handle handle, String project, long from, long to, @Nullable String node) {
    return settled(handle, LimitScope.PROJECT, project, from, to, node);
  }
}
