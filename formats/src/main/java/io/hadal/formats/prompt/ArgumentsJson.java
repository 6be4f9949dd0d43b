package io.hadal.formats.prompt;

import java.util.HashSet;
import java.util.Set;

/** Composes the arguments object of one call from its parameters, piece by piece. */
final class ArgumentsJson {
  private final StringBuilder json = new StringBuilder();
  private final Set<String> names = new HashSet<>();
  private boolean string;

  /** Begins a parameter; false, and nothing written, if the name was used before. */
  boolean open(String name, boolean isString) {
    if (!names.add(name)) {
      return false;
    }
    json.append(names.size() == 1 ? "{" : ", ").append(PythonJson.quote(name)).append(": ");
    string = isString;
    if (string) {
      json.append('"');
    }
    return true;
  }

  /** Appends a piece of the value: escaped for a string, verbatim otherwise. */
  void value(CharSequence text, int from, int to) {
    if (string) {
      PythonJson.escape(text, from, to, json);
    } else {
      json.append(text, from, to);
    }
  }

  void close() {
    if (string) {
      json.append('"');
    }
  }

  void finish() {
    json.append(names.isEmpty() ? "{}" : "}");
  }

  int length() {
    return json.length();
  }

  String from(int start) {
    return json.substring(start);
  }

  @Override
  public String toString() {
    return json.toString();
  }
}
