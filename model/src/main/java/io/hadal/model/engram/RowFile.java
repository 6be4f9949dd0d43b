package io.hadal.model.engram;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.TensorLocation;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Positional reads of a table's rows. */
final class RowFile implements AutoCloseable {
  private final TableLayout layout;
  private final FileChannel codes;
  private final @Nullable FileChannel scales;
  private final ThreadLocal<MemorySegment> wholeRow;

  /**
   * @throws FormatException when a file cannot be opened or is shorter than the table
   */
  @SuppressWarnings("MustBeClosedChecker") // closed with the table
  RowFile(TableLayout layout) {
    this.layout = layout;
    int rowBytes = layout.format.rowBytes();
    this.wholeRow = ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(rowBytes));
    TensorLocation scalesLocation = layout.scalesLocation();
    this.codes = open(layout.codesLocation());
    try {
      this.scales = scalesLocation == null ? null : open(scalesLocation);
    } catch (FormatException e) {
      close(codes);
      throw e;
    }
  }

  private FileChannel open(TensorLocation location) {
    Path file = location.file();
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      if (channel.size() - location.offset() >= location.bytes()) {
        return channel;
      }
      close(channel);
    } catch (IOException e) {
      if (channel != null) {
        close(channel);
      }
      throw new FormatException(file.toString(), "cannot be read: " + e.getMessage(), e);
    }
    throw new FormatException(
        file.toString(), "ends within the Engram table " + layout.name + "; fetch the file again");
  }

  /** Reads that fetch one row: two where scales lie apart from the codes. */
  int parts() {
    return scales == null ? 1 : 2;
  }

  /**
   * Does one of the reads of a stored row.
   *
   * @return bytes read
   */
  int read(int part, int row, RowBuffer to, int toRow) {
    TableFormat format = layout.format;
    long codeBytes = format.codeBytes();
    long scaleBytes = format.scaleBytes();
    long codesTo = toRow * codeBytes;
    long scalesTo = toRow * scaleBytes;
    TensorLocation scalesLocation = layout.scalesLocation();
    if (part == 1 && scales != null && scalesLocation != null) {
      return fill(to.scales.asSlice(scalesTo, scaleBytes), scales, scalesLocation, row);
    }
    if (!layout.interleaved()) {
      return fill(to.codes.asSlice(codesTo, codeBytes), codes, layout.codesLocation(), row);
    }
    MemorySegment whole = wholeRow.get();
    int bytes = fill(whole, codes, layout.codesLocation(), row);
    MemorySegment.copy(whole, 0, to.codes, codesTo, codeBytes);
    MemorySegment.copy(whole, codeBytes, to.scales, scalesTo, scaleBytes);
    return bytes;
  }

  private int fill(MemorySegment to, FileChannel channel, TensorLocation location, int row) {
    ByteBuffer buffer = to.asByteBuffer();
    long at = location.offset() + row * to.byteSize();
    try {
      while (buffer.hasRemaining()) {
        int n = channel.read(buffer, at + buffer.position());
        if (n < 0) {
          throw new FormatException(
              location.file().toString(),
              "ends within row " + row + " of the Engram table " + layout.name);
        }
      }
      return buffer.capacity();
    } catch (IOException e) {
      throw new FormatException(
          location.file().toString(),
          "row " + row + " of the Engram table " + layout.name + " cannot be read: " + e,
          e);
    }
  }

  @Override
  public void close() {
    close(codes);
    if (scales != null) {
      close(scales);
    }
  }

  private static void close(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new FormatException("Engram table", "cannot be closed: " + e.getMessage(), e);
    }
  }
}
