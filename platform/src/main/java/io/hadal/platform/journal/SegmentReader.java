package io.hadal.platform.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a file of the journal from front to back. Bytes that are no record are passed over to the
 * next record, and reported.
 */
final class SegmentReader implements AutoCloseable {
  private static final int WINDOW = RecordCodec.MOST + RecordCodec.HEADER;

  private final String name;
  private final FileChannel channel;
  private final byte[] window = new byte[2 * WINDOW];

  /** Bytes in the window, and the offset of its first in the file. */
  private int filled;

  private long windowStart;
  private long position;
  private long damagedFrom = -1;
  private final List<Damage> damage = new ArrayList<>();

  SegmentReader(Path file) throws IOException {
    this.name = file.getFileName().toString();
    this.channel = FileChannel.open(file, StandardOpenOption.READ);
  }

  /** Offset behind the last record that was read. */
  long position() {
    return position;
  }

  List<Damage> damage() {
    return damage;
  }

  /**
   * The next record; null when there is none below an offset.
   *
   * @param end bytes that may be read
   * @param last whether no more will be written to the file
   */
  @Nullable JournalRecord next(long end, boolean last) throws IOException {
    while (position < end) {
      byte[] payload = payload(end);
      if (payload != null) {
        JournalRecord record;
        try {
          record = RecordCodec.decode(payload);
        } catch (IOException e) {
          // Its checksum is right: a newer version wrote it.
          throw new IOException(
              name + " at offset " + position + ": " + e.getMessage() + "; use that version", e);
        }
        endDamage(position, false);
        position += RecordCodec.HEADER + payload.length;
        return record;
      }
      if (damagedFrom < 0) {
        damagedFrom = position;
      }
      position++;
    }
    if (last) {
      endDamage(position, true);
    }
    return null;
  }

  private void endDamage(long to, boolean tail) {
    if (damagedFrom >= 0) {
      damage.add(new Damage(name, damagedFrom, to - damagedFrom, tail));
      damagedFrom = -1;
    }
  }

  /** The payload of a record at the position; null when there is none. */
  private byte @Nullable [] payload(long end) throws IOException {
    if (end - position < RecordCodec.HEADER || !fill(RecordCodec.HEADER, end)) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.wrap(window);
    int at = (int) (position - windowStart);
    int length = bytes.getInt(at + 4);
    if (bytes.getInt(at) != RecordCodec.MAGIC
        || length < 1
        || length > RecordCodec.MOST
        || end - position < RecordCodec.HEADER + length
        || !fill(RecordCodec.HEADER + length, end)) {
      return null;
    }
    at = (int) (position - windowStart);
    int payload = at + RecordCodec.HEADER;
    if (RecordCodec.checksum(window, payload, length) != bytes.getInt(at + 8)) {
      return null;
    }
    byte[] copy = new byte[length];
    System.arraycopy(window, payload, copy, 0, length);
    return copy;
  }

  /** Brings the next bytes into the window. */
  private boolean fill(int need, long end) throws IOException {
    int at = (int) (position - windowStart);
    if (at >= 0 && filled - at >= need) {
      return true;
    }
    int kept = Math.max(0, filled - at);
    if (kept > 0) {
      System.arraycopy(window, at, window, 0, kept);
    }
    filled = kept;
    windowStart = position;
    while (filled < need) {
      int room = (int) Math.min(window.length - filled, end - windowStart - filled);
      int read =
          room <= 0
              ? -1
              : channel.read(ByteBuffer.wrap(window, filled, room), windowStart + filled);
      if (read <= 0) {
        return false;
      }
      filled += read;
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
