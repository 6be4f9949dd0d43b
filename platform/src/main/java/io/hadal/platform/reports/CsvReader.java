package io.hadal.platform.reports;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads CSV of RFC 4180, strictly, but that lines may end with LF alone. All rows must have as many
 * fields as the first.
 */
public final class CsvReader {
  private static final int MOST_FIELD = 64 << 10;
  private static final int MOST_FIELDS = 1_000;

  private final Reader in;
  private final String source;
  private long line = 1;
  private int width = -1;

  /**
   * A reader.
   *
   * @param source name for errors
   */
  public CsvReader(Reader in, String source) {
    this.in = in;
    this.source = source;
  }

  /**
   * The next row; null at the end.
   *
   * @throws FormatException when it breaks the format
   */
  public @Nullable List<String> row() throws IOException {
    int c = read();
    if (c < 0) {
      return null;
    }
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    while (true) {
      if (c == '"' && field.isEmpty()) {
        c = quoted(field);
        if (c >= 0 && c != ',' && c != '\r' && c != '\n') {
          throw error("text behind a closing quote");
        }
      } else {
        while (c >= 0 && c != ',' && c != '\r' && c != '\n') {
          if (c == '"') {
            throw error("a quote in a field without quotes");
          }
          append(field, c);
          c = read();
        }
      }
      fields.add(field.toString());
      field.setLength(0);
      if (fields.size() > MOST_FIELDS) {
        throw error("more than " + MOST_FIELDS + " fields");
      }
      if (c != ',') {
        break;
      }
      c = read();
    }
    if (c == '\r' && read() != '\n') {
      throw error("a carriage return without a line feed");
    }
    if (width < 0) {
      width = fields.size();
    } else if (width != fields.size()) {
      throw error(fields.size() + " fields instead of " + width);
    }
    line++;
    return fields;
  }

  /** Line of the next row, counting rows. */
  public long line() {
    return line;
  }

  /** Reads up to the closing quote; returns what is behind it. */
  private int quoted(StringBuilder field) throws IOException {
    while (true) {
      int c = read();
      if (c < 0) {
        throw error("a quote that is not closed");
      }
      if (c == '"') {
        int next = read();
        if (next != '"') {
          return next;
        }
      }
      append(field, c);
    }
  }

  private void append(StringBuilder field, int c) {
    if (field.length() >= MOST_FIELD) {
      throw error("a field of more than " + MOST_FIELD + " characters");
    }
    field.append((char) c);
  }

  private int read() throws IOException {
    return in.read();
  }

  private FormatException error(String problem) {
    return new FormatException(source, "row " + line + ": " + problem);
  }
}
