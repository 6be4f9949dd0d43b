package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import io.hadal.formats.Sha256;
import io.hadal.formats.weights.TensorLocation;
import io.hadal.formats.weights.TensorStore;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * A file of weights.
 *
 * @param header bytes in front of its first tensor, which name and describe what follows
 */
public record WeightFile(Path file, long header) {
  private static final int BLOCKS = 64;
  private static final int BLOCK = 16 << 10;
  private static final int PIECE = 1 << 20;

  /** The files of a checkpoint, by name. */
  public static List<WeightFile> of(TensorStore store) {
    Map<Path, Long> first = new HashMap<>();
    for (String name : store.names()) {
      try {
        TensorLocation at = store.fileOf(name);
        first.merge(at.file(), at.offset(), Math::min);
      } catch (FormatException e) {
        continue; // Of a type without a known size; the others say where data begins.
      }
    }
    return store.files().stream()
        .sorted()
        .map(file -> new WeightFile(file, first.getOrDefault(file, 0L)))
        .toList();
  }

  /**
   * SHA-256, hexadecimal, of the size, of the header and of 64 blocks of 16 KiB that lie at equal
   * distances behind it, the last one at the end. It costs a megabyte of a file of any size, and
   * tells trained weights from others of the same shapes; a change between the blocks it does not
   * see.
   *
   * @throws IOException when the file cannot be read
   */
  String sample() throws IOException {
    MessageDigest digest = Sha256.digest();
    long size = Files.size(file);
    long data = Math.min(header, size);
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, size));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      add(digest, channel, 0, data);
      long rest = size - data;
      if (rest <= (long) BLOCKS * BLOCK) {
        add(digest, channel, data, rest);
      } else {
        for (int i = 0; i < BLOCKS; i++) {
          // No overflow: sizes are far below 2^57.
          add(digest, channel, data + (rest - BLOCK) * i / (BLOCKS - 1), BLOCK);
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private void add(MessageDigest digest, FileChannel channel, long from, long bytes)
      throws IOException {
    ByteBuffer piece = ByteBuffer.allocate((int) Math.min(bytes, PIECE));
    long end = from + bytes;
    long at = from;
    while (at < end) {
      piece.clear().limit((int) Math.min(end - at, PIECE));
      int read = channel.read(piece, at);
      if (read < 0) {
        throw new EOFException(file + " has become shorter");
      }
      digest.update(piece.flip());
      at += read;
    }
  }
}
