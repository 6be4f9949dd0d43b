package io.hadal.cli.explain;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A UTF-8 file that takes its place when it is complete; an earlier one stays until then. */
public final class PendingFile implements AutoCloseable {
  private final Path target;
  private final Path temporary;
  private final BufferedWriter writer;
  private boolean finished;

  /**
   * Begins the file.
   *
   * @throws FormatException when it cannot be written there
   */
  @SuppressWarnings("MustBeClosedChecker") // closed with this
  public PendingFile(Path target) {
    this.target = target;
    this.temporary =
        target.resolveSibling("." + target.getFileName() + "." + ProcessHandle.current().pid());
    if (Files.isDirectory(target)) {
      throw new FormatException(target.toString(), "is a folder; name a file");
    }
    try {
      writer =
          Files.newBufferedWriter(
              temporary,
              StandardCharsets.UTF_8,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  public Writer writer() {
    return writer;
  }

  /** Puts the file in place. */
  public void finish() {
    try {
      writer.close();
      AtomicFiles.publish(temporary, target);
      finished = true;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private FormatException failed(IOException e) {
    return new FormatException(
        target.toString(), "cannot be written: " + e.getClass().getSimpleName(), e);
  }

  /** Removes what is not complete. */
  @Override
  public void close() throws IOException {
    if (!finished) {
      try (writer) {
        Files.deleteIfExists(temporary);
      }
    }
  }
}
