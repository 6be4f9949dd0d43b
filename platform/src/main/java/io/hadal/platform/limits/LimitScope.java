package io.hadal.platform.limits;

import io.hadal.platform.tenancy.Identity;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Whom a limit or budget is for, the narrowest first. */
public enum LimitScope {
  END_USER,
  KEY,
  PROJECT,
  TEAM,
  ORG;

  /** In place of an id: each one by itself. */
  public static final String EACH = "*";

  /**
   * The id of this scope that a request belongs to; that of an end user is {@code PROJECT/HASH}.
   *
   * @return null when it belongs to none
   */
  public @Nullable String subject(Identity identity, @Nullable String endUser) {
    return switch (this) {
      case END_USER -> endUser == null ? null : identity.project() + "/" + endUser;
      case KEY -> identity.key();
      case PROJECT -> identity.project();
      case TEAM -> identity.team();
      case ORG -> identity.org();
    };
  }

  /** The name in settings. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The scope of a name; null for none. */
  public static @Nullable LimitScope of(String text) {
    for (LimitScope scope : values()) {
      if (scope.text().equals(text)) {
        return scope;
      }
    }
    return null;
  }
}
