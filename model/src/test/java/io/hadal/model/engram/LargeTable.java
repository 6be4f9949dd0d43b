package io.hadal.model.engram;

import io.hadal.formats.weights.Safetensors;
import io.hadal.kernels.Fp8;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A table in the released format that is mostly a hole; only the rows that a test looks up have
 * content, which follows from their ids.
 */
final class LargeTable {
  static final int WIDTH = 256;
  static final int COLUMNS = 24;
  static final int ROW_BYTES = WIDTH + WIDTH / 32;

  final int rows;
  private final Path file;
  private final long codesAt;
  private final long scalesAt;

  LargeTable(Path file, long bytes) throws IOException {
    this.file = file;
    this.rows = Math.toIntExact(bytes / ROW_BYTES);
    long codeBytes = (long) rows * WIDTH;
    long end = (long) rows * ROW_BYTES;
    byte[] header =
        String.format(
                "{\"t.weight\":{\"dtype\":\"F8_E4M3\",\"shape\":[%d,256],\"data_offsets\":[0,%d]},"
                    + "\"t.scale\":{\"dtype\":\"F8_E8M0\",\"shape\":[%d,8],"
                    + "\"data_offsets\":[%d,%d]}}",
                rows, codeBytes, rows, codeBytes, end)
            .getBytes(StandardCharsets.US_ASCII);
    this.codesAt = 8 + header.length;
    this.scalesAt = codesAt + codeBytes;
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      ByteBuffer start = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
      channel.write(start.putLong(header.length).put(header).flip(), 0);
      channel.write(ByteBuffer.allocate(1), codesAt + end - 1);
    }
  }

  void fill(int[] ids) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      byte[] codes = new byte[WIDTH];
      byte[] scales = new byte[WIDTH / 32];
      for (int row : ids) {
        for (int i = 0; i < WIDTH; i++) {
          codes[i] = code(row, i);
        }
        Arrays.fill(scales, (byte) (120 + Math.floorMod(row, 10)));
        channel.write(ByteBuffer.wrap(codes), codesAt + (long) row * WIDTH);
        channel.write(ByteBuffer.wrap(scales), scalesAt + (long) row * (WIDTH / 32));
      }
      channel.force(false);
    }
  }

  private static byte code(int row, int i) {
    return (byte) ((row * 31 + i * 7 >>> 3) & 0x3f);
  }

  static float value(int row, int i) {
    return Fp8.decode(code(row, i)) * (float) Math.scalb(1.0, Math.floorMod(row, 10) - 7);
  }

  TableLayout layout() {
    try (Safetensors store = Safetensors.open(file)) {
      return TableLayout.of(store, "t.weight", "t.scale", rows, WIDTH);
    }
  }

  /** Asks the operating system to forget the file's content; without effect where it cannot. */
  void forget() throws Throwable {
    Linker linker = Linker.nativeLinker();
    var lookup = linker.defaultLookup();
    if (lookup.find("posix_fadvise").isEmpty()) {
      return;
    }
    var integer = ValueLayout.JAVA_INT;
    var size = ValueLayout.JAVA_LONG;
    MethodHandle open =
        linker.downcallHandle(
            lookup.findOrThrow("open"),
            FunctionDescriptor.of(integer, ValueLayout.ADDRESS, integer),
            Linker.Option.firstVariadicArg(2));
    MethodHandle advise =
        linker.downcallHandle(
            lookup.findOrThrow("posix_fadvise"),
            FunctionDescriptor.of(integer, integer, size, size, integer));
    MethodHandle close =
        linker.downcallHandle(lookup.findOrThrow("close"), FunctionDescriptor.of(integer, integer));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(file.toString());
      int descriptor = (int) open.invokeExact(name, 0);
      int dontNeed = 4;
      int result = (int) advise.invokeExact(descriptor, 0L, 0L, dontNeed);
      result |= (int) close.invokeExact(descriptor);
      if (result != 0) {
        throw new IOException("posix_fadvise failed");
      }
    }
  }

  /** Row ids spread over the whole table, {@code [positions, COLUMNS]}. */
  int[] randomRows(int positions, long seed) {
    Random random = new Random(seed);
    return IntStream.generate(() -> random.nextInt(rows))
        .limit((long) positions * COLUMNS)
        .toArray();
  }
}
