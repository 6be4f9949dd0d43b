package io.hadal.train.corpus;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Files that are there completely or not at all, also after a crash. */
public final class AtomicFiles {
  private AtomicFiles() {}

  /** Writes a whole file, replacing an older one. */
  public static void write(Path file, byte[] content) throws IOException {
    Path temporary = temporary(file);
    Files.write(temporary, content);
    publish(temporary, file);
  }

  /** Where a file is written before {@link #publish}. */
  public static Path temporary(Path file) {
    return file.resolveSibling(file.getFileName() + ".tmp");
  }

  /** Puts a finished temporary file in its place, its content on the disk first. */
  public static void publish(Path temporary, Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(
        temporary, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Puts a finished folder in the place of an older one. */
  static void publishFolder(Path temporary, Path folder) throws IOException {
    deleteTree(folder);
    Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Deletes a file or folder with all it holds; links are deleted, not followed. */
  public static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
