package io.hadal.server.wire;

import io.hadal.chat.Problem;
import io.hadal.chat.TurnEvent;
import io.hadal.chat.Usage;
import java.io.IOException;

/** Writes a streamed answer in one dialect. */
interface AnswerStream {
  /** The request has been admitted. */
  void begin(EventStream out) throws IOException;

  /**
   * Something has happened.
   *
   * @param usage what it took so far
   */
  void event(TurnEvent event, Usage usage, EventStream out) throws IOException;

  /** All answers have ended. */
  void end(Usage usage, EventStream out) throws IOException;

  /** The request has failed behind its beginning. */
  void fail(Problem problem, EventStream out) throws IOException;

  /** Nothing has come for a while. */
  void keepAlive(EventStream out) throws IOException;

  /** Media type of the stream. */
  default String mediaType() {
    return "text/event-stream; charset=utf-8";
  }
}
