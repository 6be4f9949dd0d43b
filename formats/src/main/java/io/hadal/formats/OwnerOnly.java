package io.hadal.formats;

import java.nio.file.FileSystems;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Attributes of new files and folders that nobody but their owner reads or writes, on file systems
 * that know owners; none elsewhere.
 */
public final class OwnerOnly {
  private OwnerOnly() {}

  public static FileAttribute<?>[] file() {
    return attributes("rw-------");
  }

  public static FileAttribute<?>[] folder() {
    return attributes("rwx------");
  }

  private static FileAttribute<?>[] attributes(String permissions) {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
