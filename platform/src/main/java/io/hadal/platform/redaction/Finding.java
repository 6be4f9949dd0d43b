package io.hadal.platform.redaction;

/**
 * A place in a text.
 *
 * @param kind what is there
 * @param start index of its first char
 * @param end index behind its last char
 */
public record Finding(String kind, int start, int end) {
  /** What stands in its place when it is masked. */
  String mask() {
    return "[" + kind + "]";
  }
}
