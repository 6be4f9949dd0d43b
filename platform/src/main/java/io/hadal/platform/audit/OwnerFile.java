package io.hadal.platform.audit;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.OwnerOnly;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/** Files that nobody but their owner reads or writes, in folders that are made when needed. */
final class OwnerFile {
  private OwnerFile() {}

  /** Opens a file for appending; a new one is its owner's from the first moment. */
  static FileChannel append(Path file) throws IOException {
    create(file.toAbsolutePath().getParent());
    return FileChannel.open(
        file,
        EnumSet.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.READ),
        OwnerOnly.file());
  }

  /** Creates a file where there is none; another process may be first, and its file stays. */
  static void create(Path file, byte[] content) throws IOException {
    create(file.toAbsolutePath().getParent());
    AtomicFiles.create(file, content, OwnerOnly.file());
  }

  private static void create(@Nullable Path folder) throws IOException {
    if (folder != null) {
      Files.createDirectories(folder);
    }
  }
}
