package io.hadal.model.packed;

import io.hadal.formats.FormatException;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.PackedMatrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** A complete side file, mapped read-only. Closing unmaps it. */
public final class PackedFile implements AutoCloseable {
  /** What its name adds to the checkpoint's. */
  public static final String SUFFIX = ".hadal-pack";

  private static final long PIECE = 1 << 24;

  private final Path path;
  private final PackedHeader header;
  private final Map<String, PackedEntry> entries = new HashMap<>();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment data;

  private PackedFile(Path path, PackedHeader header, FileChannel channel) throws IOException {
    this.path = path;
    this.header = header;
    for (PackedEntry entry : header.entries()) {
      if (entry.packed()) {
        entries.put(entry.name(), entry);
      }
    }
    boolean ok = false;
    try {
      // Never longer than what was checked.
      long bytes = PackedHeader.fileBytes(header.entries());
      data = channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes, arena);
      ok = true;
    } finally {
      if (!ok) {
        arena.close();
      }
    }
  }

  /**
   * Opens a side file.
   *
   * @param fingerprint of the checkpoint it must belong to
   * @throws FormatException when it is damaged, was not finished, was made from other weights or by
   *     another version; the message names the remedy
   */
  public static PackedFile open(Path path, String fingerprint) {
    if (!Files.isRegularFile(path)) {
      throw new FormatException(
          path.toString(), "is no file; hadal pack -m MODEL -o FILE writes one");
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      PackedHeader header = PackedHeader.read(channel, path.toString());
      if (!header.isCurrent()) {
        throw new FormatException(
            path.toString(),
            "was packed by another version of Hadal; hadal pack -m MODEL replaces it");
      }
      if (!header.fingerprint().equals(fingerprint)) {
        throw new FormatException(
            path.toString(), "was packed from other weights; hadal pack -m MODEL replaces it");
      }
      if (!header.complete()) {
        throw new FormatException(
            path.toString(), "was not finished; hadal pack -m MODEL goes on with it");
      }
      return new PackedFile(path, header, channel);
    } catch (NoSuchFileException e) {
      throw new FormatException(path.toString(), "the file does not exist", e);
    } catch (IOException e) {
      throw new FormatException(path.toString(), "cannot be read: " + e.getMessage(), e);
    }
  }

  public Path path() {
    return path;
  }

  /** Bytes of all packed matrices. */
  public long bytes() {
    return entries.values().stream().mapToLong(PackedEntry::bytes).sum();
  }

  public int size() {
    return entries.size();
  }

  /** True when the file has the packed form of this matrix. */
  public boolean has(String name, Matrix w) {
    PackedEntry entry = entries.get(name);
    return entry != null && PackedMatrix.packable(w) && entry.fits(w);
  }

  /** The packed form of a matrix, its checksum checked; null when it is missing or damaged. */
  public @Nullable PackedMatrix find(String name, Matrix w) {
    PackedEntry entry = entries.get(name);
    return entry != null && has(name, w) && intact(entry, bytes -> {})
        ? PackedMatrix.over(w, slice(entry))
        : null;
  }

  /**
   * Checks the checksums of all matrices.
   *
   * @param progress gets bytes as they are read
   * @return names of the damaged ones, in file order
   */
  public List<String> damaged(LongConsumer progress) {
    List<String> names = new ArrayList<>();
    for (PackedEntry entry : header.entries()) {
      if (entry.packed() && !intact(entry, progress)) {
        names.add(entry.name());
      }
    }
    return names;
  }

  private boolean intact(PackedEntry entry, LongConsumer progress) {
    CRC32C crc = new CRC32C();
    MemorySegment all = slice(entry);
    for (long at = 0; at < entry.bytes(); at += PIECE) {
      long n = Math.min(PIECE, entry.bytes() - at);
      crc.update(all.asSlice(at, n).asByteBuffer());
      progress.accept(n);
    }
    return (int) crc.getValue() == entry.crc();
  }

  private MemorySegment slice(PackedEntry entry) {
    return data.asSlice(entry.offset(), entry.bytes());
  }

  @Override
  public void close() {
    arena.close();
  }
}
