package io.hadal.server.routing;

import io.hadal.chat.Problem;
import io.hadal.chat.TurnEvent;
import io.hadal.chat.Usage;
import io.hadal.formats.Json;
import io.hadal.platform.usage.Quantities;
import io.hadal.server.routing.convert.AnswerEvents;
import io.hadal.server.routing.usage.SseReader;
import io.hadal.server.routing.usage.UsageReader;
import io.hadal.server.wire.ConvertedAnswer;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;

/** The other dialect: answers go through our own events. */
final class Conversion implements Translator {
  private final AnswerEvents reader;
  private final ConvertedAnswer writer;
  private final long prompt;
  private boolean begun;

  /**
   * A conversion.
   *
   * @param prompt estimated tokens of the prompt, while the upstream has not counted them
   */
  Conversion(AnswerEvents reader, ConvertedAnswer writer, long prompt) {
    this.reader = reader;
    this.writer = writer;
    this.prompt = prompt;
  }

  static Usage usage(Quantities q) {
    return new Usage(
        bounded(q.inputUncached()),
        bounded(q.cacheRead()),
        bounded(q.cacheWrite()),
        bounded(q.outputText()),
        bounded(q.outputReasoning()));
  }

  private static int bounded(long count) {
    return (int) Math.min(Integer.MAX_VALUE, count);
  }

  private Usage usage(UsageReader usage, boolean complete) {
    return usage(usage.quantities(usage.known() || complete ? prompt : 0, complete));
  }

  private void write(List<TurnEvent> events, UsageReader usage, OutputStream out)
      throws IOException {
    if (!begun) {
      begun = true;
      writer.begin(out);
    }
    for (TurnEvent event : events) {
      writer.event(event, usage(usage, false), out);
    }
  }

  @Override
  public void event(SseReader.Event event, UsageReader usage, OutputStream out) throws IOException {
    byte[] data = event.data();
    if (data == null || event.isData("[DONE]")) {
      return;
    }
    reader.event(Json.parse(data, "event"));
    List<TurnEvent> events = reader.take();
    if (!events.isEmpty()) {
      write(events, usage, out);
    }
  }

  @Override
  public void end(UsageReader usage, OutputStream out) throws IOException {
    write(reader.end(), usage, out);
    writer.end(usage(usage, usage.known()), out);
  }

  @Override
  public void fail(Problem problem, OutputStream out) throws IOException {
    writer.fail(problem, out);
  }

  @Override
  public byte[] whole(byte[] json, UsageReader usage) {
    reader.whole(Json.parse(json, "answer"));
    List<TurnEvent> events = new ArrayList<>(reader.take());
    events.addAll(reader.end());
    return writer.whole(events, usage(usage, usage.known()));
  }
}
