package io.hadal.platform.journal;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.NavigableSet;
import java.util.TreeSet;

/** The files of a journal, by number. Open to tests, which let it fail. */
class Segments {
  private static final String FORMAT = "journal-%012d.log";

  private final Path folder;

  Segments(Path folder) {
    this.folder = folder;
  }

  Path file(long number) {
    return folder.resolve(FORMAT.formatted(number));
  }

  String name(long number) {
    return FORMAT.formatted(number);
  }

  NavigableSet<Long> list() throws IOException {
    NavigableSet<Long> numbers = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "journal-*.log")) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.matches("journal-[0-9]{12}\\.log")) {
          numbers.add(Long.parseLong(name.substring(8, 20)));
        }
      }
    }
    return numbers;
  }

  long size(long number) throws IOException {
    return Files.size(file(number));
  }

  void delete(long number) throws IOException {
    Files.deleteIfExists(file(number));
  }

  /** Keeps a damaged file for people, out of the journal's way. */
  void setAside(long number) throws IOException {
    Path file = file(number);
    Files.move(
        file,
        file.resolveSibling(file.getFileName() + ".damaged"),
        StandardCopyOption.REPLACE_EXISTING);
  }

  /** Creates a file whose name survives a loss of power; no channel, which interrupts close. */
  FileOutputStream create(long number) throws IOException {
    Path file = Files.createFile(file(number));
    try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
      directory.force(true);
    }
    return new FileOutputStream(file.toFile());
  }
}
