package io.hadal.platform.reports;

import io.hadal.formats.AtomicFiles;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Adds what is new to a folder, a file each time: {@code usage-FIRST-LAST.csv} by cursors. The
 * files say how far the last export came, and together have every attempt once.
 */
public final class ExportFolder {
  private static final Pattern NAME =
      Pattern.compile("usage-([0-9]{12})-([0-9]{12})\\.(csv|focus\\.csv|jsonl)");

  private final UsageExport export;
  private final ExportFormat format;
  private final Path folder;

  public ExportFolder(UsageExport export, ExportFormat format, Path folder) {
    this.export = export;
    this.format = format;
    this.folder = folder;
  }

  /**
   * Writes what is new.
   *
   * @return the new file; null when there was nothing
   */
  public @Nullable Path next() throws IOException {
    Files.createDirectories(folder);
    long after = last();
    Path part = folder.resolve("usage.part");
    long cursor;
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(part))) {
      cursor = export.write(format, UsageFilter.ALL, after, true, out);
    }
    if (cursor == after) {
      Files.delete(part);
      return null;
    }
    Path file = folder.resolve("usage-%012d-%012d.%s".formatted(after + 1, cursor, suffix()));
    AtomicFiles.publish(part, file);
    return file;
  }

  private String suffix() {
    return switch (format) {
      case CSV -> "csv";
      case FOCUS -> "focus.csv";
      case JSONL -> "jsonl";
    };
  }

  private long last() throws IOException {
    long last = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "usage-*")) {
      for (Path file : files) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (name.matches() && name.group(3).equals(suffix())) {
          last = Math.max(last, Long.parseLong(name.group(2)));
        }
      }
    }
    return last;
  }
}
