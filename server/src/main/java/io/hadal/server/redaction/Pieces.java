package io.hadal.server.redaction;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/** What an event of a stream holds of texts that go on, and which of them end with it. */
final class Pieces {
  /**
   * A piece of a text.
   *
   * @param slot the text that it belongs to; what stands before the first {@code /} is shared by
   *     texts that come one after the other
   * @param holder where the piece is
   * @param field its name there
   * @param json true when the text is JSON
   * @param event makes an event that holds another piece of the same text
   */
  record Piece(
      String slot,
      ObjectNode holder,
      String field,
      boolean json,
      Function<String, ObjectNode> event) {
    String group() {
      return Pieces.group(slot);
    }
  }

  final List<Piece> all = new ArrayList<>();
  final List<String> ended = new ArrayList<>();
  boolean allEnded;

  static String group(String slot) {
    return slot.substring(0, slot.indexOf('/') + 1);
  }

  void add(
      String slot,
      ObjectNode holder,
      String field,
      boolean json,
      Function<String, ObjectNode> event) {
    // Some send an empty text of the one kind beside each piece of the other.
    if (!holder.path(field).asString("").isEmpty() && holder.get(field).isString()) {
      all.add(new Piece(slot, holder, field, json, event));
    }
  }

  /** All texts whose slots begin so have ended. */
  void end(String beginning) {
    ended.add(beginning);
  }

  /** All texts have ended. */
  void endAll() {
    allEnded = true;
  }

  boolean ends(String slot) {
    return allEnded || ended.stream().anyMatch(slot::startsWith);
  }
}
