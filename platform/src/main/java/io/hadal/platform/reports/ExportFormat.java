package io.hadal.platform.reports;

import io.hadal.formats.FormatException;

/** How usage leaves. */
public enum ExportFormat {
  /** RFC 4180, a line for each attempt. */
  CSV("csv", "text/csv; charset=utf-8; header=present"),
  /** A JSON object in each line. */
  JSONL("jsonl", "application/x-ndjson"),
  /** CSV with the columns of FOCUS 1.2, a line for each kind of token of an attempt. */
  FOCUS("focus", "text/csv; charset=utf-8; header=present");

  private final String text;
  private final String contentType;

  ExportFormat(String text, String contentType) {
    this.text = text;
    this.contentType = contentType;
  }

  public String text() {
    return text;
  }

  public String contentType() {
    return contentType;
  }

  /**
   * The format of a name.
   *
   * @throws FormatException when there is none
   */
  public static ExportFormat of(String name) {
    for (ExportFormat format : values()) {
      if (format.text.equals(name)) {
        return format;
      }
    }
    throw new FormatException("format", "must be csv, jsonl or focus, not '" + name + "'");
  }
}
