package io.hadal.model.packed;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.MatrixPages;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.WorkerPool;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Writes a side file. It grows under the name {@code FILE.part}, where every packed matrix is noted
 * behind its bytes, so that a later run goes on where one ended, however it ended. Complete, it
 * takes its name. The same checkpoint gives the same bytes.
 */
public final class PackedFileWriter {
  /** What the name of an unfinished file adds. */
  public static final String PART = ".part";

  private static final long PIECE = 1 << 24;

  /** Bytes between two times that finished entries are noted. */
  private static final long COMMIT = 1 << 27;

  private final Path target;
  private final PackedHeader header;
  private final Map<String, Matrix> matrices;
  private final WorkerPool pool;

  /**
   * A file to be written.
   *
   * @param fingerprint of the checkpoint
   * @param matrices packable ones by name, in the order of the file
   */
  public PackedFileWriter(
      Path target, String fingerprint, Map<String, Matrix> matrices, WorkerPool pool) {
    this.target = target;
    this.matrices = new LinkedHashMap<>(matrices);
    this.pool = pool;
    this.header = PackedHeader.of(fingerprint, entries(matrices));
  }

  private static List<PackedEntry> entries(Map<String, Matrix> matrices) {
    List<PackedEntry> places = new ArrayList<>();
    matrices.forEach((name, w) -> places.add(PackedEntry.of(name, w, 0)));
    long at = PackedHeader.align(PackedHeader.HEADER_BYTES + PackedHeader.tableBytes(places));
    List<PackedEntry> entries = new ArrayList<>();
    for (Map.Entry<String, Matrix> e : matrices.entrySet()) {
      PackedEntry entry = PackedEntry.of(e.getKey(), e.getValue(), at);
      entries.add(entry);
      at = PackedHeader.align(at + entry.bytes());
    }
    return entries;
  }

  /** Bytes of the file. */
  public long bytes() {
    return PackedHeader.fileBytes(header.entries());
  }

  /** Bytes of all packed matrices. */
  public long packedBytes() {
    return header.entries().stream().mapToLong(PackedEntry::bytes).sum();
  }

  /** Bytes of an unfinished file that is there. */
  public long partBytes() throws IOException {
    return Files.exists(part()) ? Files.size(part()) : 0;
  }

  /**
   * Leaves nothing of an unfinished file to go on with.
   *
   * @throws FormatException when another process writes it
   */
  public void discard() {
    try (FileChannel channel =
            FileChannel.open(part(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = lock(channel)) {
      if (lock.isValid()) {
        channel.truncate(0);
      }
    } catch (IOException e) {
      throw new FormatException(part().toString(), "cannot be written: " + e.getMessage(), e);
    }
  }

  private Path part() {
    return target.resolveSibling(target.getFileName() + PART);
  }

  /** Whether a file of that name may be replaced: a side file, of whatever weights. */
  public static boolean isSideFile(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return PackedHeader.isPackedFile(channel);
    }
  }

  /**
   * Packs what is missing and gives the file its name.
   *
   * @param progress gets the bytes of matrices as they are done; those found done come at once. It
   *     may throw to end the work
   * @return bytes found done
   * @throws FormatException when another process packs the same file, or it cannot be written
   */
  public long write(LongConsumer progress) {
    try (FileChannel channel =
            FileChannel.open(
                part(),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        FileLock lock = lock(channel)) {
      if (!lock.isValid()) {
        throw busy();
      }
      long found = pack(channel, progress);
      move();
      return found;
    } catch (IOException e) {
      throw new FormatException(part().toString(), "cannot be written: " + e.getMessage(), e);
    }
  }

  private FileLock lock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return lock;
      }
    } catch (OverlappingFileLockException e) {
      throw busy();
    }
    throw busy();
  }

  private FormatException busy() {
    return new FormatException(
        part().toString(), "is being written by another process; wait until it is done");
  }

  private void move() throws IOException {
    try {
      AtomicFiles.replace(part(), target);
    } catch (NoSuchFileException e) {
      // Another process had it ready and named it while this one waited for the lock.
      if (!Files.exists(target)) {
        throw e;
      }
    }
  }

  private long pack(FileChannel channel, LongConsumer progress) throws IOException {
    PackedHeader old = old(channel);
    if (old != null && old.complete()) {
      progress.accept(packedBytes());
      return packedBytes();
    }
    if (old == null) {
      channel.truncate(0);
      write(channel, header.headerBytes(), 0);
      write(channel, ByteBuffer.allocate(PackedHeader.tableBytes(header.entries())), tableStart());
    }
    long found = 0;
    long at = tableStart();
    long since = 0;
    Map<Long, PackedEntry> ready = new LinkedHashMap<>();
    for (PackedEntry entry : header.entries()) {
      if (old != null && isDone(channel, at, entry)) {
        found += entry.bytes();
        progress.accept(entry.bytes());
      } else {
        ready.put(at, entry.done(pack(channel, entry, progress)));
        since += entry.bytes();
      }
      if (since >= COMMIT) {
        commit(channel, ready);
        since = 0;
      }
      at += PackedHeader.rowBytes(entry);
    }
    commit(channel, ready);
    long end = bytes();
    if (channel.size() < end) {
      write(channel, ByteBuffer.allocate((int) (end - channel.size())), channel.size());
    }
    channel.force(true);
    PackedHeader complete =
        new PackedHeader(
            header.version(), header.layoutVersion(), header.fingerprint(), true, header.entries());
    write(channel, complete.headerBytes(), 0);
    channel.force(true);
    return found;
  }

  private static long tableStart() {
    return PackedHeader.HEADER_BYTES;
  }

  /** The header of a file that this one can go on with; null when it has to begin. */
  private @Nullable PackedHeader old(FileChannel channel) throws IOException {
    if (channel.size() < PackedHeader.HEADER_BYTES) {
      return null;
    }
    ByteBuffer begun = header.headerBytes();
    PackedHeader found;
    try {
      found = PackedHeader.read(channel, part().toString());
    } catch (FormatException e) {
      return null;
    }
    PackedHeader same =
        new PackedHeader(
            found.version(), found.layoutVersion(), found.fingerprint(), false, header.entries());
    if (!same.headerBytes().equals(begun)) {
      return null;
    }
    if (!found.complete()) {
      return found;
    }
    boolean all = found.entries().size() == header.entries().size();
    for (int i = 0; all && i < found.entries().size(); i++) {
      PackedEntry entry = found.entries().get(i);
      all = entry.packed() && entry.samePlace(header.entries().get(i));
    }
    return all ? found : null;
  }

  private static boolean isDone(FileChannel channel, long at, PackedEntry entry)
      throws IOException {
    PackedEntry stored = PackedHeader.readRow(channel, at, entry);
    return stored != null
        && stored.packed()
        && stored.samePlace(entry)
        && entry.offset() + entry.bytes() <= channel.size();
  }

  /** Notes entries once their bytes are safe. */
  private static void commit(FileChannel channel, Map<Long, PackedEntry> ready) throws IOException {
    if (ready.isEmpty()) {
      return;
    }
    channel.force(false);
    for (Map.Entry<Long, PackedEntry> row : ready.entrySet()) {
      write(channel, PackedHeader.row(row.getValue()), row.getKey());
    }
    ready.clear();
  }

  /** Packs a matrix piece by piece; returns the checksum. */
  private int pack(FileChannel channel, PackedEntry entry, LongConsumer progress)
      throws IOException {
    Matrix w = matrices.get(entry.name());
    if (w == null) {
      throw new IllegalStateException(entry.name());
    }
    long groupBytes = PackedMatrix.groupBytes(w);
    int perPiece = (int) Math.max(1, PIECE / groupBytes);
    CRC32C crc = new CRC32C();
    long at = 0;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment piece = arena.allocate(Math.min(entry.bytes(), perPiece * groupBytes), 64);
      for (int g = 0; at < entry.bytes(); g += perPiece) {
        long n = Math.min(piece.byteSize(), entry.bytes() - at);
        int from = g;
        piece.fill((byte) 0);
        // What is left behind the last group is slack.
        int whole = (int) (n / groupBytes);
        if (whole > 0) {
          pool.run(
              whole,
              (task, worker) ->
                  PackedMatrix.pack(
                      w, from + task, from + task + 1, piece.asSlice(task * groupBytes)));
        }
        ByteBuffer bytes = piece.asSlice(0, n).asByteBuffer();
        crc.update(bytes.duplicate());
        write(channel, bytes, entry.offset() + at);
        at += n;
        progress.accept(n);
      }
    }
    MatrixPages.release(w);
    return (int) crc.getValue();
  }

  private static void write(FileChannel channel, ByteBuffer bytes, long at) throws IOException {
    long to = at;
    while (bytes.hasRemaining()) {
      to += channel.write(bytes, to);
    }
  }
}
