package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** The documents of one JSONL file, one after the other. */
public final class DocumentReader implements Iterator<Document>, AutoCloseable {
  /** Several times the longest document that a build lets through. */
  private static final int MAX_LINE = 16 << 20;

  private final String source;
  private final BufferedReader in;
  private @Nullable String next;
  private long line;

  DocumentReader(Path file) throws IOException {
    this.source = file.toString();
    this.in =
        new BufferedReader(
            new InputStreamReader(
                Files.newInputStream(file),
                StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)),
            1 << 16);
    advance();
  }

  private void advance() throws IOException {
    next = readLine();
    line++;
  }

  private @Nullable String readLine() throws IOException {
    StringBuilder text = new StringBuilder();
    int c;
    while ((c = in.read()) >= 0 && c != '\n') {
      if (text.length() == MAX_LINE) {
        throw new FormatException(source, "line " + (line + 1) + " is longer than " + MAX_LINE);
      }
      text.append((char) c);
    }
    return c < 0 && text.isEmpty() ? null : text.toString();
  }

  @Override
  public boolean hasNext() {
    return next != null;
  }

  @Override
  public Document next() {
    if (next == null) {
      throw new NoSuchElementException();
    }
    Document document = Document.fromJson(next, source + " line " + line);
    try {
      advance();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return document;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
