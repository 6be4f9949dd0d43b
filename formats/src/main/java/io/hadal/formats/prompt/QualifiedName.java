package io.hadal.formats.prompt;

import io.hadal.formats.FormatException;
import org.jspecify.annotations.Nullable;

/** A tool name with its V4.1 namespace, printed {@code namespace::name}. */
record QualifiedName(@Nullable String namespace, String name) {
  private static final String SEPARATOR = "::";

  /**
   * Splits a printed name.
   *
   * @throws FormatException for a second separator or an empty namespace
   */
  static QualifiedName parse(String text) {
    int at = text.indexOf(SEPARATOR);
    if (at < 0) {
      return new QualifiedName(null, text);
    }
    if (at == 0) {
      throw bad(text, "has an empty namespace");
    }
    if (text.indexOf(SEPARATOR, at + 2) >= 0) {
      throw bad(text, "has more than one '::'");
    }
    return new QualifiedName(text.substring(0, at), text.substring(at + 2));
  }

  /**
   * Joins a name, which may already be qualified, with a namespace given beside it.
   *
   * @throws FormatException when the two disagree or the namespace contains the separator
   */
  static QualifiedName resolve(@Nullable String namespace, String text) {
    QualifiedName parsed = parse(text);
    if (namespace == null || namespace.isEmpty()) {
      return parsed;
    }
    if (namespace.contains(SEPARATOR)) {
      throw bad(namespace, "is a namespace and must not contain '::'");
    }
    if (parsed.namespace != null && !parsed.namespace.equals(namespace)) {
      throw bad(text, "contradicts its namespace '" + namespace + "'");
    }
    return new QualifiedName(namespace, parsed.name);
  }

  String printed() {
    return namespace == null ? name : namespace + SEPARATOR + name;
  }

  private static FormatException bad(String text, String problem) {
    return new FormatException("prompt", "tool name '" + text + "' " + problem);
  }
}
