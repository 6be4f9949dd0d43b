package io.hadal.server.admin;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A path with names in braces. */
final class PathPattern implements Comparable<PathPattern> {
  private final String text;
  private final List<String> segments;

  PathPattern(String text) {
    if (!text.matches("(?:/(?:[a-z0-9_.-]+|\\{[a-z][a-z0-9_]*}))+")) {
      throw new IllegalStateException("no path of an endpoint: " + text);
    }
    this.text = text;
    this.segments = List.of(text.substring(1).split("/"));
  }

  /** Names in braces, in order. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    for (String segment : segments) {
      if (isName(segment)) {
        names.add(name(segment));
      }
    }
    return names;
  }

  /** The last word that is no name. */
  String lastWord() {
    String word = "";
    for (String segment : segments) {
      word = isName(segment) ? word : segment;
    }
    return word;
  }

  /** True when it ends in a word behind a name: what is done to one thing. */
  boolean isAction() {
    return segments.size() > 1
        && !isName(segments.getLast())
        && isName(segments.get(segments.size() - 2));
  }

  /** The path without its last segment; null for a single one. */
  @Nullable String parent() {
    int slash = text.lastIndexOf('/');
    return slash <= 0 ? null : text.substring(0, slash);
  }

  /** The word before a name. */
  String wordBefore(String name) {
    int at = segments.indexOf("{" + name + "}");
    return at <= 0 || isName(segments.get(at - 1)) ? "" : segments.get(at - 1);
  }

  private static boolean isName(String segment) {
    return segment.startsWith("{");
  }

  private static String name(String segment) {
    return segment.substring(1, segment.length() - 1);
  }

  /** Values of the names in a path; null when it is another one. */
  @Nullable Map<String, String> match(List<String> path) {
    if (path.size() != segments.size()) {
      return null;
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (int i = 0; i < path.size(); i++) {
      String segment = segments.get(i);
      if (isName(segment)) {
        if (path.get(i).isEmpty()) {
          return null;
        }
        values.put(name(segment), path.get(i));
      } else if (!segment.equals(path.get(i))) {
        return null;
      }
    }
    return values;
  }

  /** Words come before names, so that the more special path is tried first. */
  @Override
  public int compareTo(PathPattern other) {
    int n = Math.min(segments.size(), other.segments.size());
    for (int i = 0; i < n; i++) {
      boolean name = isName(segments.get(i));
      if (name != isName(other.segments.get(i))) {
        return name ? 1 : -1;
      }
      int order = segments.get(i).compareTo(other.segments.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(segments.size(), other.segments.size());
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PathPattern pattern && pattern.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
