package io.hadal.platform.tenancy;

import org.jdbi.v3.core.Handle;

/**
 * A number that grows with each change a cached key has to follow: of keys, projects, principals
 * and what they belong to. Other nodes look at it.
 */
public final class TenancyVersion {
  private TenancyVersion() {}

  /** Counts a change, in its transaction: who sees the number sees the change. */
  public static void changed(Handle handle) {
    handle.execute("UPDATE platform_state SET value = value + 1 WHERE name = 'tenancy'");
  }

  /** The number now. */
  public static long read(Handle handle) {
    return handle
        .createQuery("SELECT value FROM platform_state WHERE name = 'tenancy'")
        .mapTo(Long.class)
        .one();
  }
}
