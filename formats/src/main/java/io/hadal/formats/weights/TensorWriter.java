package io.hadal.formats.weights;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Writes the data of declared tensors. Tensors may be written in any order and in pieces; the data
 * goes to a temporary file beside the target, which {@link #finish} puts in place at once. Closing
 * without finish leaves the target as it was. Not safe for concurrent use.
 */
public abstract sealed class TensorWriter implements AutoCloseable
    permits SafetensorsWriter, GgufWriter {
  private static final int BUFFER_BYTES = 1 << 18;

  /** Where a tensor goes: {@code offset} counts from the start of the file. */
  record Region(String name, StorageType type, long offset, long bytes) {}

  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private final Map<String, Region> regions = new LinkedHashMap<>();
  private final Map<String, Long> written = new LinkedHashMap<>();
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private final MemorySegment bufferView = MemorySegment.ofArray(buffer);
  private final long fileBytes;
  private boolean finished;

  TensorWriter(Path target, byte[] header, List<Region> regions, long fileBytes) {
    this.target = target;
    this.fileBytes = fileBytes;
    for (Region region : regions) {
      this.regions.put(region.name(), region);
      this.written.put(region.name(), 0L);
    }
    this.temporary =
        target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw failed(e);
    }
    try {
      put(ByteBuffer.wrap(header), 0);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Appends elements to a tensor of type F32.
   *
   * @throws IllegalArgumentException for an undeclared tensor, another type or too many elements
   * @throws FormatException when the file cannot be written
   */
  public final void write(String name, float[] values) {
    Region region = region(name, StorageType.F32);
    for (int i = 0; i < values.length; ) {
      int n = Math.min(values.length - i, BUFFER_BYTES / Float.BYTES);
      MemorySegment.copy(values, i, bufferView, LittleEndian.FLOAT, 0, n);
      append(region, ByteBuffer.wrap(buffer, 0, n * Float.BYTES));
      i += n;
    }
  }

  /** Appends elements to a tensor of type I32; see {@link #write(String, float[])}. */
  public final void write(String name, int[] values) {
    Region region = region(name, StorageType.I32);
    for (int i = 0; i < values.length; ) {
      int n = Math.min(values.length - i, BUFFER_BYTES / Integer.BYTES);
      MemorySegment.copy(values, i, bufferView, LittleEndian.INT, 0, n);
      append(region, ByteBuffer.wrap(buffer, 0, n * Integer.BYTES));
      i += n;
    }
  }

  /** Appends elements to a tensor of type I64; see {@link #write(String, float[])}. */
  public final void write(String name, long[] values) {
    Region region = region(name, StorageType.I64);
    for (int i = 0; i < values.length; ) {
      int n = Math.min(values.length - i, BUFFER_BYTES / Long.BYTES);
      MemorySegment.copy(values, i, bufferView, LittleEndian.LONG, 0, n);
      append(region, ByteBuffer.wrap(buffer, 0, n * Long.BYTES));
      i += n;
    }
  }

  /** Appends stored bytes, little endian, to a tensor of any type. */
  public final void write(String name, byte[] bytes) {
    append(region(name), ByteBuffer.wrap(bytes));
  }

  /** Appends stored bytes, little endian, to a tensor of any type. */
  public final void write(String name, MemorySegment bytes) {
    Region region = region(name);
    for (long i = 0; i < bytes.byteSize(); ) {
      int n = (int) Math.min(bytes.byteSize() - i, BUFFER_BYTES);
      MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, i, buffer, 0, n);
      append(region, ByteBuffer.wrap(buffer, 0, n));
      i += n;
    }
  }

  /**
   * Puts the file in place, replacing an earlier one.
   *
   * @throws IllegalStateException when a tensor is not complete
   * @throws FormatException when the file cannot be written
   */
  public final void finish() {
    List<String> incomplete = new ArrayList<>();
    for (Region region : regions.values()) {
      if (written.getOrDefault(region.name(), 0L) != region.bytes()) {
        incomplete.add(region.name());
      }
    }
    if (!incomplete.isEmpty()) {
      throw new IllegalStateException("tensors without all their data: " + incomplete);
    }
    try {
      if (channel.size() < fileBytes) {
        put(ByteBuffer.wrap(new byte[1]), fileBytes - 1);
      }
      channel.force(true);
      channel.close();
      AtomicFiles.replace(temporary, target);
      finished = true;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public final void close() {
    if (finished) {
      return;
    }
    try {
      channel.close();
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private Region region(String name, StorageType type) {
    Region region = region(name);
    if (region.type() != type) {
      throw new IllegalArgumentException(
          "tensor " + name + " is " + region.type() + ", not " + type);
    }
    return region;
  }

  private Region region(String name) {
    Region region = regions.get(name);
    if (region == null) {
      throw new IllegalArgumentException("tensor " + name + " was not declared");
    }
    return region;
  }

  private void append(Region region, ByteBuffer bytes) {
    long done = written.getOrDefault(region.name(), 0L);
    int length = bytes.remaining();
    if (length > region.bytes() - done) {
      throw new IllegalArgumentException(
          "tensor " + region.name() + " has " + region.bytes() + " bytes, more were written");
    }
    put(bytes, region.offset() + done);
    written.put(region.name(), done + length);
  }

  private void put(ByteBuffer bytes, long position) {
    try {
      long at = position;
      while (bytes.hasRemaining()) {
        at += channel.write(bytes, at);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private FormatException failed(IOException e) {
    String reason =
        e instanceof FileSystemException f && f.getReason() != null ? f.getReason() : e.toString();
    return new FormatException(target.toString(), "cannot be written: " + reason, e);
  }
}
