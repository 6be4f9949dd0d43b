package io.hadal.formats.weights;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A whole file, mapped read-only for the life of an arena.
 *
 * @param segment all bytes of the file
 */
record MappedFile(Path path, MemorySegment segment) {
  private static final byte[] LFS_POINTER =
      "version https://git-lfs".getBytes(StandardCharsets.US_ASCII);

  /**
   * Maps a file.
   *
   * @throws FormatException when it is no regular file, cannot be read or is a Git LFS pointer
   */
  static MappedFile map(Path path, Arena arena) {
    // Pipes and devices would block or never end.
    if (!Files.exists(path)) {
      throw new FormatException(path.toString(), "the file does not exist");
    }
    if (!Files.isRegularFile(path)) {
      throw new FormatException(path.toString(), "is not a regular file");
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment segment = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      MappedFile file = new MappedFile(path, segment);
      if (file.startsWith(LFS_POINTER)) {
        throw new FormatException(
            path.toString(),
            "is a Git LFS pointer, not the file itself; fetch the content with 'git lfs pull'");
      }
      return file;
    } catch (NoSuchFileException e) {
      throw new FormatException(path.toString(), "the file does not exist", e);
    } catch (IOException e) {
      throw new FormatException(path.toString(), "cannot be read: " + e.getMessage(), e);
    }
  }

  long size() {
    return segment.byteSize();
  }

  boolean startsWith(byte[] prefix) {
    return size() >= prefix.length
        && MemorySegment.mismatch(
                segment, 0, prefix.length, MemorySegment.ofArray(prefix), 0, prefix.length)
            < 0;
  }
}
