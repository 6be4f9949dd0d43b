package io.hadal.platform.audit;

import io.hadal.formats.FormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Lines of UTF-8, none longer than a limit. Only LF ends a line. */
public final class BoundedLines {
  private final InputStream in;
  private final String name;
  private final int limit;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private int number;
  private boolean ended;

  /**
   * Lines of a stream, which should be buffered.
   *
   * @param name name of the text for messages
   * @param limit most bytes of a line
   */
  public BoundedLines(InputStream in, String name, int limit) {
    this.in = in;
    this.name = name;
    this.limit = limit;
  }

  /**
   * The next line without its end; null behind the last.
   *
   * @throws FormatException when it is too long or no UTF-8
   */
  public @Nullable String next() throws IOException {
    line.reset();
    ended = false;
    for (int c = in.read(); c >= 0; c = in.read()) {
      if (c == '\n') {
        ended = true;
        break;
      }
      if (line.size() == limit) {
        number++;
        throw new FormatException(source(), "has more than " + limit + " bytes");
      }
      line.write(c);
    }
    if (!ended && line.size() == 0) {
      return null;
    }
    number++;
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(line.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw new FormatException(source(), "is no UTF-8", e);
    }
  }

  /** Name of the text and number of the line, from 1. */
  public String source() {
    return name + ", line " + number;
  }

  /** Whether the line had an end. */
  boolean ended() {
    return ended;
  }
}
