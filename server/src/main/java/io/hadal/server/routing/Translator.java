package io.hadal.server.routing;

import io.hadal.chat.Problem;
import io.hadal.server.routing.usage.SseReader;
import io.hadal.server.routing.usage.UsageReader;
import java.io.IOException;
import java.io.OutputStream;

/** Makes what the client gets of what the upstream sends. */
interface Translator {
  /** What an event of the upstream becomes. */
  void event(SseReader.Event event, UsageReader usage, OutputStream out) throws IOException;

  /** The upstream's answer is complete. */
  void end(UsageReader usage, OutputStream out) throws IOException;

  /** The answer has failed behind its beginning. */
  void fail(Problem problem, OutputStream out) throws IOException;

  /**
   * A whole answer.
   *
   * @throws io.hadal.formats.FormatException when it is none
   */
  byte[] whole(byte[] json, UsageReader usage);
}
