package io.hadal.platform.lease;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** What was spent out of a pool, as durable records say. */
@FunctionalInterface
public interface Spending {
  /** Nothing is known but what the shares say. */
  Spending NONE = (handle, pool, from, to, node) -> 0;

  /**
   * The sum of all that began in a time.
   *
   * @param from first millisecond
   * @param to first millisecond after it
   * @param node only what this node took; null for all
   */
  long spent(Handle handle, String pool, long from, long to, @Nullable String node);
}
