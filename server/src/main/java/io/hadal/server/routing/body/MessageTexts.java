package io.hadal.server.routing.body;

import io.hadal.server.wire.JsonMembers;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Texts of a prompt in a request, as they stand there. Only texts count, because markers move and a
 * text may be a string or a block.
 */
final class MessageTexts {
  private static final int MOST_PARTS = 256;
  private static final String ATTRIBUTION = "x-anthropic-billing-header:";

  private MessageTexts() {}

  /** Takes the place of a text, without its quotes. */
  @FunctionalInterface
  interface Sink {
    void text(int from, int to);
  }

  /** Texts of a value, which is a string or a list of blocks; attribution is left out. */
  static void each(byte[] body, int from, int to, Sink sink) {
    if (body[from] == '"') {
      text(body, from + 1, to - 1, sink);
      return;
    }
    List<int[]> parts = JsonMembers.elements(body, from, to, MOST_PARTS);
    for (int[] part : parts == null ? List.<int[]>of() : parts) {
      JsonMembers block = JsonMembers.of(body, part[0], part[1]);
      JsonMembers.Member text = block == null ? null : block.find("text");
      if (text != null && body[text.start()] == '"') {
        text(body, text.start() + 1, text.end() - 1, sink);
      }
    }
  }

  private static void text(byte[] body, int from, int to, Sink sink) {
    boolean attribution =
        to - from >= ATTRIBUTION.length()
            && new String(body, from, ATTRIBUTION.length(), StandardCharsets.ISO_8859_1)
                .equals(ATTRIBUTION);
    if (to > from && !attribution) {
      sink.text(from, to);
    }
  }
}
