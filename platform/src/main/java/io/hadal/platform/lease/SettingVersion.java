package io.hadal.platform.lease;

import org.jdbi.v3.core.Handle;

/** Numbers that tell other nodes that settings changed. */
public final class SettingVersion {
  private SettingVersion() {}

  /** Counts up, in the transaction of the change. */
  public static void bump(Handle h, String area) {
    h.createUpdate(
            "INSERT INTO setting_version (area, version) VALUES (:area, 1)"
                + " ON CONFLICT (area) DO UPDATE SET version = setting_version.version + 1")
        .bind("area", area)
        .execute();
  }

  /** The number now; 0 before the first change. */
  public static long read(Handle h, String area) {
    return h.createQuery("SELECT version FROM setting_version WHERE area = :area")
        .bind("area", area)
        .mapTo(Long.class)
        .findOne()
        .orElse(0L);
  }
}
