package io.hadal.model.packed;

import io.hadal.formats.FormatException;
import io.hadal.kernels.PackedMatrix;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Header and table of a side file; {@code docs/formats.md} gives the bytes.
 *
 * @param version of the file format
 * @param layoutVersion {@link PackedMatrix#LAYOUT_VERSION} of its writer
 * @param fingerprint of the checkpoint, 64 hexadecimal digits
 * @param complete true when every entry is packed
 * @param entries in the order of their offsets; as read from a file empty when it is not complete
 *     or of versions that this program does not know
 */
record PackedHeader(
    int version,
    int layoutVersion,
    String fingerprint,
    boolean complete,
    List<PackedEntry> entries) {
  static final int VERSION = 1;

  /** Entries begin at multiples of this. */
  static final int ALIGN = 4096;

  static final int HEADER_BYTES = 96;
  private static final byte[] MAGIC = "HDLPACK\n".getBytes(StandardCharsets.US_ASCII);
  private static final int FINGERPRINT_BYTES = 32;
  private static final int MAX_ENTRIES = 1 << 22;
  private static final int MAX_TABLE = 1 << 30;

  /** Bytes of a row without the name: six numbers, a layout, and the row's checksum. */
  private static final int ROW_BYTES = 64;

  private static final int LAYOUT_BYTES = 16;
  private static final int MAX_NAME = 1024;

  PackedHeader {
    entries = List.copyOf(entries);
  }

  /** What this program writes, with nothing packed yet. */
  static PackedHeader of(String fingerprint, List<PackedEntry> entries) {
    return new PackedHeader(VERSION, PackedMatrix.LAYOUT_VERSION, fingerprint, false, entries);
  }

  boolean isCurrent() {
    return version == VERSION && layoutVersion == PackedMatrix.LAYOUT_VERSION;
  }

  static long align(long at) {
    return (at + ALIGN - 1) / ALIGN * ALIGN;
  }

  /** Bytes of a row. */
  static int rowBytes(PackedEntry entry) {
    return ROW_BYTES + (nameBytes(entry).length + 7) / 8 * 8;
  }

  private static byte[] nameBytes(PackedEntry entry) {
    return entry.name().getBytes(StandardCharsets.UTF_8);
  }

  static int tableBytes(List<PackedEntry> entries) {
    return entries.stream().mapToInt(PackedHeader::rowBytes).sum();
  }

  /** Bytes of a file with these entries. */
  static long fileBytes(List<PackedEntry> entries) {
    if (entries.isEmpty()) {
      return HEADER_BYTES;
    }
    PackedEntry last = entries.getLast();
    return align(last.offset() + last.bytes());
  }

  /** The header's bytes. */
  ByteBuffer headerBytes() {
    ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.put(MAGIC).putInt(version).putInt(layoutVersion);
    out.put(HexFormat.of().parseHex(fingerprint));
    out.putInt(complete ? 1 : 0).putInt(entries.size());
    out.putLong(tableBytes(entries)).putLong(fileBytes(entries));
    out.position(HEADER_BYTES - 4);
    out.putInt(crc(out.array(), 0, HEADER_BYTES - 4));
    return out.flip();
  }

  /** A row's bytes. */
  static ByteBuffer row(PackedEntry entry) {
    byte[] name = nameBytes(entry);
    ByteBuffer out = ByteBuffer.allocate(rowBytes(entry)).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(entry.offset()).putLong(entry.bytes());
    out.putInt(entry.rows()).putInt(entry.cols());
    out.putInt(entry.crc()).putInt(entry.packed() ? 1 : 0);
    out.put(Arrays.copyOf(entry.layout().getBytes(StandardCharsets.US_ASCII), LAYOUT_BYTES));
    out.putInt(name.length).putInt(0);
    out.put(name);
    out.position(out.capacity() - 8);
    out.putInt(crc(out.array(), 0, out.capacity() - 8));
    return out.rewind();
  }

  static int crc(byte[] bytes, int from, int count) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, count);
    return (int) crc.getValue();
  }

  /** True for a file that begins as a side file does. */
  static boolean isPackedFile(FileChannel channel) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(MAGIC.length);
    channel.read(start, 0);
    return Arrays.equals(start.array(), MAGIC);
  }

  /**
   * Reads and checks header and table. The table of a file that is not complete is left unread.
   *
   * @throws FormatException when the file is none, or damaged
   */
  static PackedHeader read(FileChannel channel, String source) throws IOException {
    long size = channel.size();
    if (size < HEADER_BYTES || !isPackedFile(channel)) {
      throw new FormatException(source, "is no side file of packed weights");
    }
    ByteBuffer in = bytes(channel, 0, HEADER_BYTES);
    if (crc(in.array(), 0, HEADER_BYTES - 4) != in.getInt(HEADER_BYTES - 4)) {
      throw new FormatException(source, "has a damaged header");
    }
    in.position(MAGIC.length);
    int version = in.getInt();
    int layoutVersion = in.getInt();
    byte[] fingerprint = new byte[FINGERPRINT_BYTES];
    in.get(fingerprint);
    boolean complete = in.getInt() == 1;
    int count = in.getInt();
    long table = in.getLong();
    long declared = in.getLong();
    String print = HexFormat.of().formatHex(fingerprint);
    if (version != VERSION || layoutVersion != PackedMatrix.LAYOUT_VERSION || !complete) {
      return new PackedHeader(version, layoutVersion, print, complete, List.of());
    }
    if (count < 0
        || count > MAX_ENTRIES
        || table < (long) count * ROW_BYTES
        || table > MAX_TABLE
        || table > size - HEADER_BYTES
        || declared > size) {
      throw new FormatException(
          source, "is cut off or damaged: " + size + " bytes for " + count + " entries");
    }
    List<PackedEntry> entries =
        entries(bytes(channel, HEADER_BYTES, (int) table), count, size, source);
    return new PackedHeader(version, layoutVersion, print, complete, entries);
  }

  private static List<PackedEntry> entries(ByteBuffer in, int count, long end, String source) {
    List<PackedEntry> entries = new ArrayList<>();
    long free = align(HEADER_BYTES + in.capacity());
    for (int i = 0; i < count; i++) {
      PackedEntry entry = entry(in);
      if (entry == null
          || entry.offset() < free
          || entry.offset() % ALIGN != 0
          || entry.bytes() < 1
          || entry.bytes() > end - entry.offset()
          || entry.rows() < 1
          || entry.cols() < 1) {
        throw new FormatException(source, "has a damaged table: entry " + i);
      }
      free = align(entry.offset() + entry.bytes());
      entries.add(entry);
    }
    return entries;
  }

  /** The row of an entry in a file that may not be complete; null when it is damaged. */
  static @Nullable PackedEntry readRow(FileChannel channel, long at, PackedEntry like)
      throws IOException {
    int bytes = rowBytes(like);
    return channel.size() < at + bytes ? null : entry(bytes(channel, at, bytes));
  }

  private static @Nullable PackedEntry entry(ByteBuffer in) {
    int start = in.position();
    if (in.remaining() < ROW_BYTES) {
      return null;
    }
    int length = in.getInt(start + ROW_BYTES - 16);
    if (length < 0 || length > MAX_NAME) {
      return null;
    }
    int row = ROW_BYTES + (length + 7) / 8 * 8;
    if (in.remaining() < row || crc(in.array(), start, row - 8) != in.getInt(start + row - 8)) {
      return null;
    }
    long offset = in.getLong();
    long bytes = in.getLong();
    int rows = in.getInt();
    int cols = in.getInt();
    int crc = in.getInt();
    boolean packed = in.getInt() == 1;
    String layout =
        new String(in.array(), in.position(), LAYOUT_BYTES, StandardCharsets.US_ASCII).strip();
    layout = layout.replace("\0", "");
    String name = new String(in.array(), start + ROW_BYTES - 8, length, StandardCharsets.UTF_8);
    in.position(start + row);
    return new PackedEntry(name, layout, rows, cols, offset, bytes, crc, packed);
  }

  private static ByteBuffer bytes(FileChannel channel, long at, int count) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      if (channel.read(in, at + in.position()) < 0) {
        throw new EOFException("the file ends early");
      }
    }
    return in.flip();
  }
}
