package io.hadal.server.routing.convert;

/**
 * Ids of tool calls. Answers carry the upstream's id behind the prefix of the client's dialect, so
 * that it can be had back when the client returns it.
 */
final class ToolCallIds {
  private ToolCallIds() {}

  /** The upstream's own id. */
  static String upstream(String id, String prefix) {
    return id.startsWith(prefix) && id.length() > prefix.length()
        ? id.substring(prefix.length())
        : id;
  }
}
