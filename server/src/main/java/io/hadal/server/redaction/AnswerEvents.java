package io.hadal.server.redaction;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/** Changes the texts of a stream's events, and makes events for what was held back. */
final class AnswerEvents {
  private static final String SEQUENCE = "sequence_number";

  private final AnswerRules rules;
  private final StreamShape shape;
  private final Map<String, Text> texts = new LinkedHashMap<>();

  /** Events that only this side has sent. */
  private long inserted;

  private long next;

  private record Text(AnswerText text, Function<String, ObjectNode> event) {}

  AnswerEvents(AnswerRules rules) {
    this.rules = rules;
    this.shape = new StreamShape(rules.jsonText());
  }

  /** What an event becomes: itself, behind what has to come before it. */
  List<ObjectNode> take(ObjectNode event) {
    List<ObjectNode> out = new ArrayList<>();
    Pieces pieces = shape.read(event);
    long sequence = event.path(SEQUENCE).asLong(-1);
    for (Pieces.Piece piece : pieces.all) {
      before(piece, sequence, out);
    }
    List<String> known = new ArrayList<>();
    for (Pieces.Piece piece : pieces.all) {
      String text = feed(piece);
      known.add(pieces.ends(piece.slot()) ? text + rest(piece.slot()) : text);
      // Seen already: what is left are other texts.
      piece.holder().put(piece.field(), "");
    }
    for (String slot : List.copyOf(texts.keySet())) {
      if (pieces.ends(slot)) {
        end(slot, sequence, out);
      }
    }
    rules.change(event, false);
    for (int i = 0; i < known.size(); i++) {
      Pieces.Piece piece = pieces.all.get(i);
      piece.holder().put(piece.field(), known.get(i));
    }
    number(event, sequence);
    out.add(event);
    return out;
  }

  /** Texts that were held back when nothing more comes. */
  List<ObjectNode> end() {
    List<ObjectNode> out = new ArrayList<>();
    List.copyOf(texts.keySet()).forEach(slot -> end(slot, -1, out));
    return out;
  }

  /** Thoughts have ended when an answer begins; calls of tools may take turns. */
  private void before(Pieces.Piece piece, long sequence, List<ObjectNode> out) {
    for (String slot : List.copyOf(texts.keySet())) {
      if (slot.startsWith(piece.group())
          && !slot.equals(piece.slot())
          && !slot.contains("/tools/")
          && oneAfterTheOther(slot)) {
        end(slot, sequence, out);
      }
    }
  }

  /** Texts of the Responses API say themselves when they end. */
  private static boolean oneAfterTheOther(String slot) {
    return !slot.startsWith("response.");
  }

  private String feed(Pieces.Piece piece) {
    Text text = texts.get(piece.slot());
    if (text == null) {
      text = new Text(new AnswerText(rules, piece.json()), piece.event());
      texts.put(piece.slot(), text);
    }
    return text.text().feed(piece.holder().path(piece.field()).asString(""));
  }

  private String rest(String slot) {
    Text text = texts.remove(slot);
    return text == null ? "" : text.text().end();
  }

  private void end(String slot, long sequence, List<ObjectNode> out) {
    Text text = texts.remove(slot);
    String rest = text == null ? "" : text.text().end();
    if (text == null || rest.isEmpty()) {
      return;
    }
    ObjectNode event = text.event().apply(rest);
    number(event, sequence);
    if (event.has(SEQUENCE)) {
      inserted++;
    }
    out.add(event);
  }

  private void number(ObjectNode event, long sequence) {
    if (sequence >= 0 && event.has(SEQUENCE)) {
      event.put(SEQUENCE, sequence + inserted);
      next = sequence + inserted + 1;
    }
  }

  /** Number of the event behind the last one. */
  long next() {
    return next;
  }
}
