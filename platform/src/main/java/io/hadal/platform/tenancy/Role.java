package io.hadal.platform.tenancy;

/** What a person or service may do; the table is {@link Permissions}. */
public enum Role {
  OWNER,
  ADMIN,
  BILLING,
  DEVELOPER,
  AUDITOR,
  VIEWER
}
