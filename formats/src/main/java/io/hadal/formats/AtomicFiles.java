package io.hadal.formats;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Files that are there completely or not at all, also after a crash. */
public final class AtomicFiles {
  private static final int BUFFER = 1 << 16;

  private AtomicFiles() {}

  /**
   * Writes a whole file, replacing an older one.
   *
   * @param attributes of the new file from its first byte on, such as {@link OwnerOnly#file}
   */
  public static void write(Path file, byte[] content, FileAttribute<?>... attributes)
      throws IOException {
    write(file, out -> out.write(content), attributes);
  }

  /** What a file is to hold, as a stream. */
  @FunctionalInterface
  public interface Content {
    /** Writes it; the stream is buffered, and closed by who gave it. */
    void writeTo(OutputStream out) throws IOException;
  }

  /** Writes a whole file, of whatever size, as {@link #write(Path, byte[], FileAttribute[])}. */
  public static void write(Path file, Content content, FileAttribute<?>... attributes)
      throws IOException {
    Path made = unnamed(file);
    try {
      fill(made, content, attributes);
      replace(made, file);
    } finally {
      Files.deleteIfExists(made);
    }
  }

  /**
   * Writes a whole file where there is none. Of several processes that do so at once one wins, and
   * none ever sees a part of it.
   *
   * @param attributes as for {@link #write}
   * @return false when there was one, which stays as it is
   */
  public static boolean create(Path file, byte[] content, FileAttribute<?>... attributes)
      throws IOException {
    Path made = unnamed(file);
    try {
      fill(made, out -> out.write(content), attributes);
      link(made, file);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    } finally {
      Files.deleteIfExists(made);
    }
  }

  /** Unlike a move, a link fails when there is a file of this name. */
  private static void link(Path made, Path file) throws IOException {
    try {
      Files.createLink(file, made);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (UnsupportedOperationException | FileSystemException e) {
      // No links here.
      Files.move(made, file);
    }
  }

  private static Path unnamed(Path file) {
    return file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
  }

  private static void fill(Path made, Content content, FileAttribute<?>[] attributes)
      throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            made, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), attributes)) {
      OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
      content.writeTo(out);
      out.flush();
      channel.force(true);
    }
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
    replace(temporary, file);
  }

  /**
   * Puts a finished file in its place at once. For content that is on the disk already, or that
   * whoever reads it can do without after a crash.
   */
  public static void replace(Path temporary, Path file) throws IOException {
    Files.move(
        temporary, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Puts a finished folder in the place of an older one. */
  public static void publishFolder(Path temporary, Path folder) throws IOException {
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
