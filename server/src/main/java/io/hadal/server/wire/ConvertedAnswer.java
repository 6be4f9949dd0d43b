package io.hadal.server.wire;

import io.hadal.chat.Ids;
import io.hadal.chat.Problem;
import io.hadal.chat.Seal;
import io.hadal.chat.TurnEvent;
import io.hadal.chat.Usage;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.function.BiFunction;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes in the dialect of the client what an upstream of the other one has answered, through the
 * events that our own answers are made of.
 */
public final class ConvertedAnswer {
  private final AnswerStream stream;
  private final BiFunction<Answer, Usage, ObjectNode> whole;

  private ConvertedAnswer(AnswerStream stream, BiFunction<Answer, Usage, ObjectNode> whole) {
    this.stream = stream;
    this.whole = whole;
  }

  /**
   * As Chat Completions.
   *
   * @param model version that answers
   * @param includeUsage whether a stream ends with usage
   * @param reasons whether reasoning is expected
   */
  public static ConvertedAnswer chat(
      Call call, String model, boolean includeUsage, boolean reasons) {
    String id = call.answerId(Ids.next("chatcmpl-"));
    ChatCompletions.Head head = chatHead(id, call, model, reasons);
    return new ConvertedAnswer(
        new ChatStream(head, 1, includeUsage),
        (answer, usage) ->
            ChatCompletions.whole(
                chatHead(id, call, model, answer.hasReasoning()), List.of(answer), usage));
  }

  private static ChatCompletions.Head chatHead(
      String id, Call call, String model, boolean reasons) {
    return new ChatCompletions.Head(
        id, call.created(), model, "fp_routed", false, reasons, false, null);
  }

  /**
   * As Messages. Reasoning is sealed as our own is, because no upstream of the other dialect signs
   * it.
   *
   * @param model version that answers
   * @param omitThinking true to seal reasoning instead of showing it
   * @param edits whether the request asked for edits of its context
   */
  public static ConvertedAnswer messages(
      Call call, String model, Seal seal, boolean omitThinking, boolean edits) {
    MessagesApi.Head head =
        new MessagesApi.Head(
            call.answerId(Ids.next("msg_")), model, omitThinking, edits, false, call, seal);
    return new ConvertedAnswer(
        new MessagesStream(head), (answer, usage) -> MessagesApi.whole(head, answer, usage));
  }

  /** Writes what stands before the first event. */
  public void begin(OutputStream out) throws IOException {
    stream.begin(new EventStream(out));
  }

  /** Writes an event. */
  public void event(TurnEvent event, Usage usage, OutputStream out) throws IOException {
    stream.event(event, usage, new EventStream(out));
  }

  /** Writes the end of an answer that is complete. */
  public void end(Usage usage, OutputStream out) throws IOException {
    stream.end(usage, new EventStream(out));
  }

  /** Writes that the answer has failed. */
  public void fail(Problem problem, OutputStream out) throws IOException {
    stream.fail(problem, new EventStream(out));
  }

  /** A whole answer. */
  public byte[] whole(List<TurnEvent> events, Usage usage) {
    Answer answer = new Answer();
    events.forEach(answer::take);
    return WireJson.bytes(whole.apply(answer, usage));
  }
}
