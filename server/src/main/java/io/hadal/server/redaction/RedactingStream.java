package io.hadal.server.redaction;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.server.http.HttpProblem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** A stream of events, or of lines of JSON, whose texts are changed on their way to the client. */
final class RedactingStream extends OutputStream {
  private static final int MOST_EVENT = 64 << 20;
  private static final String DATA = "data:";
  private static final String DONE = "[DONE]";

  private final OutputStream out;
  private final boolean lines;
  private final AnswerRules rules;
  private final AnswerEvents events;
  private final LongFunction<String> refusal;
  private final Consumer<AnswerRules> ended;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(1024);
  private final List<String> event = new ArrayList<>();
  private int held;
  private boolean over;

  /**
   * A stream.
   *
   * @param lines true for lines of JSON, false for server-sent events
   * @param refusal what the client is told in place of an answer that must not reach it, by the
   *     number of that event
   * @param ended sees the rules when nothing more comes
   */
  RedactingStream(
      OutputStream out,
      boolean lines,
      AnswerRules rules,
      LongFunction<String> refusal,
      Consumer<AnswerRules> ended) {
    this.out = out;
    this.lines = lines;
    this.rules = rules;
    this.events = new AnswerEvents(rules);
    this.refusal = refusal;
    this.ended = ended;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    int start = from;
    for (int i = from; i < from + length; i++) {
      if (bytes[i] == '\n') {
        line.write(bytes, start, i - start);
        start = i + 1;
        line();
      }
    }
    line.write(bytes, start, from + length - start);
    if (held + line.size() > MOST_EVENT) {
      throw new IOException("an event of the answer is too long");
    }
  }

  private void line() throws IOException {
    String text = line.toString(StandardCharsets.UTF_8);
    line.reset();
    if (text.endsWith("\r")) {
      text = text.substring(0, text.length() - 1);
    }
    if (lines) {
      if (!text.isBlank()) {
        json(text, List.of());
      }
    } else if (text.isEmpty()) {
      event();
    } else {
      event.add(text);
      held += text.length();
    }
  }

  private void event() throws IOException {
    List<String> others = new ArrayList<>();
    StringBuilder data = new StringBuilder();
    for (String field : event) {
      if (field.startsWith(DATA)) {
        String value = field.substring(DATA.length());
        data.append(data.isEmpty() ? "" : "\n").append(value);
      } else {
        others.add(field);
      }
    }
    event.clear();
    held = 0;
    if (data.isEmpty()) {
      send(others, "");
    } else {
      json(data.toString().strip(), others);
    }
  }

  /** An event, or a line, with its other fields. */
  private void json(String data, List<String> others) throws IOException {
    ObjectNode json = data.equals(DONE) ? null : parse(data);
    if (json == null) {
      rest(others);
      send(others, data.equals(DONE) ? data : rules.request().restore(rules.look(data, true)));
      return;
    }
    List<ObjectNode> all = events.take(json);
    for (int i = 0; i < all.size(); i++) {
      boolean last = i == all.size() - 1;
      send(last ? others : named(others, all.get(i)), Json.text(all.get(i)));
    }
  }

  private static @Nullable ObjectNode parse(String data) {
    try {
      return Json.parse(data.getBytes(StandardCharsets.UTF_8), "event") instanceof ObjectNode json
          ? json
          : null;
    } catch (FormatException e) {
      return null;
    }
  }

  private void rest(List<String> others) throws IOException {
    for (ObjectNode event : events.end()) {
      send(named(others, event), Json.text(event));
    }
  }

  /** Where events have names, they are their types. */
  private static List<String> named(List<String> others, ObjectNode event) {
    boolean names = others.stream().anyMatch(field -> field.startsWith("event:"));
    return names && event.path("type").isString()
        ? List.of("event: " + event.get("type").stringValue())
        : List.of();
  }

  private void send(List<String> others, String data) throws IOException {
    if (over) {
      return;
    }
    if (rules.blocked()) {
      over = true;
      write(refusal.apply(events.next()));
      out.flush();
      return;
    }
    StringBuilder text = new StringBuilder(data.length() + 64);
    others.forEach(field -> text.append(field).append('\n'));
    if (!data.isEmpty()) {
      text.append(lines ? "" : "data: ").append(data).append('\n');
    }
    write(lines ? text.toString() : text.append('\n').toString());
  }

  private void write(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void close() throws IOException {
    if (line.size() > 0) {
      line();
    }
    if (!event.isEmpty()) {
      event();
    }
    rest(List.of());
    ended.accept(rules);
    out.close();
  }

  /** What tells of a refusal inside a stream. */
  static Problem blocked(AnswerRules rules) {
    return HttpProblem.redactionBlocked(
        "The answer holds data that this project does not let out: "
            + String.join(", ", rules.counts().keySet())
            + ".");
  }
}
