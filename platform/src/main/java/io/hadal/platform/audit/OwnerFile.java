package io.hadal.platform.audit;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Files that nobody but their owner reads or writes, where the file system knows owners. */
final class OwnerFile {
  private static final boolean POSIX =
      FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

  private OwnerFile() {}

  /** Opens a file for appending; a new one is its owner's from the first moment. */
  static FileChannel append(Path file) throws IOException {
    create(file.toAbsolutePath().getParent());
    return FileChannel.open(
        file,
        EnumSet.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.READ),
        attributes());
  }

  /** Creates a file that must not be there, for writing. */
  static SeekableByteChannel createNew(Path file) throws IOException {
    create(file.toAbsolutePath().getParent());
    return Files.newByteChannel(
        file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), attributes());
  }

  private static void create(@Nullable Path folder) throws IOException {
    if (folder != null) {
      Files.createDirectories(folder);
    }
  }

  private static FileAttribute<?>[] attributes() {
    return POSIX
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }
}
