package io.hadal.platform.reports;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.DatabaseKind;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What usage is grouped and filtered by. Times are when attempts ended, in UTC.
 *
 * @param name as in queries: {@code project}, {@code tag:team}
 * @param column the column; empty for tags
 * @param tag name of a tag; null for none
 */
public record Dimension(String name, String column, @Nullable String tag) {
  private static final Map<String, Dimension> ALL = new LinkedHashMap<>();

  public static final Dimension ORG = column("org", "org_id");
  public static final Dimension TEAM = column("team", "team_id");
  public static final Dimension PROJECT = column("project", "project_id");
  public static final Dimension KEY = column("key", "key_id");
  public static final Dimension PRINCIPAL = column("principal", "principal_id");
  public static final Dimension END_USER = column("end_user", "end_user");
  public static final Dimension SESSION = column("session", "session");
  public static final Dimension ALIAS = column("alias", "alias");
  public static final Dimension VERSION = column("version", "model_version");
  public static final Dimension BACKEND = column("backend", "backend");
  public static final Dimension DIALECT = column("dialect", "dialect");
  public static final Dimension OPERATION = column("operation", "operation");
  public static final Dimension CLASS = column("class", "priority_class");
  public static final Dimension OUTCOME = column("outcome", "outcome");
  public static final Dimension ESTIMATED = column("estimated", "estimated");
  public static final Dimension HOUR = column("hour", "(end_at / 3600000) * 3600000");
  public static final Dimension DAY = column("day", "(end_at / 86400000) * 86400000");
  public static final Dimension MONTH = column("month", "");

  private static final String TAG = "tag:";
  private static final int MOST_TAG = 40;

  private static Dimension column(String name, String column) {
    Dimension dimension = new Dimension(name, column, null);
    ALL.put(name, dimension);
    return dimension;
  }

  /**
   * The dimension of a name.
   *
   * @throws FormatException when there is none
   */
  public static Dimension of(String name) {
    if (name.startsWith(TAG) && name.length() > TAG.length()) {
      String tag = name.substring(TAG.length());
      if (tag.length() > MOST_TAG || tag.indexOf('"') >= 0 || tag.indexOf('\\') >= 0) {
        throw new FormatException("dimension", "tag '" + tag + "' cannot be one");
      }
      return new Dimension(name, "", tag);
    }
    Dimension found = ALL.get(name);
    if (found == null) {
      throw new FormatException(
          "dimension", "'" + name + "' is none; there are " + ALL.keySet() + " and tag:NAME");
    }
    return found;
  }

  /** Names of all but tags. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(ALL.keySet());
  }

  /** Whether it is a time. */
  public boolean time() {
    return this.equals(HOUR) || this.equals(DAY) || this.equals(MONTH);
  }

  /**
   * Its value as text, empty for none.
   *
   * @param parameter name of the parameter that holds the tag
   */
  String sql(DatabaseKind kind, String parameter) {
    if (tag != null) {
      return kind == DatabaseKind.SQLITE
          ? "coalesce(CAST(json_extract(tags, :" + parameter + ") AS TEXT), '')"
          : "coalesce(CAST(tags AS jsonb) ->> CAST(:" + parameter + " AS TEXT), '')";
    }
    if (this.equals(MONTH)) {
      return kind == DatabaseKind.SQLITE
          ? "strftime('%Y-%m', end_at / 1000, 'unixepoch')"
          : "to_char(to_timestamp(end_at / 1000) AT TIME ZONE 'UTC', 'YYYY-MM')";
    }
    return "coalesce(CAST(" + column + " AS TEXT), '')";
  }

  /** What the parameter of a tag is bound to. */
  String bound(DatabaseKind kind) {
    return kind == DatabaseKind.SQLITE ? "$.\"" + tag + "\"" : String.valueOf(tag);
  }

  /** A value of the database, for people. */
  String shown(String value) {
    if (this.equals(HOUR)) {
      return Instant.ofEpochMilli(Long.parseLong(value)).toString();
    }
    if (this.equals(DAY)) {
      return LocalDate.ofInstant(Instant.ofEpochMilli(Long.parseLong(value)), ZoneOffset.UTC)
          .toString();
    }
    if (this.equals(ESTIMATED)) {
      return value.equals("1") ? "true" : "false";
    }
    return value;
  }

  /** A value of a query, for the database. */
  String asked(String value) {
    try {
      if (this.equals(HOUR)) {
        return Long.toString(Instant.parse(value).toEpochMilli());
      }
      if (this.equals(DAY)) {
        return Long.toString(
            LocalDate.parse(value).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli());
      }
    } catch (java.time.format.DateTimeParseException e) {
      throw new FormatException(name, "must be a time such as 2026-11-29T13:00:00Z", e);
    }
    if (this.equals(ESTIMATED)) {
      return value.equals("true") ? "1" : "0";
    }
    return value;
  }
}
